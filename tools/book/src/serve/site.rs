//! A built book in memory: path to content. Each page carries the mark by which its scripts know
//! that this server, and not a static host, gave it to them.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use bytes::Bytes;

use crate::check::files_below;
use crate::finding::slashed;

/// Where the mark goes; the build's id takes the place of `{}` when a page is sent.
const MARK: &str = "<meta name=\"course-server\" content=\"";

#[derive(Debug, Default)]
pub struct Site {
    files: HashMap<String, File>,
}

#[derive(Debug, Clone)]
pub struct File {
    pub content: Bytes,
    pub media_type: &'static str,
}

impl Site {
    pub fn load(folder: &Path) -> Result<Site> {
        let mut files = HashMap::new();
        for path in files_below(folder)? {
            let file = folder.join(&path);
            let content =
                fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let file = File {
                content: content.into(),
                media_type: media_type(&path),
            };
            files.insert(slashed(&path), file);
        }
        Ok(Site { files })
    }

    /// The file at a URL's path: "/", "/phase-3/04-unary/", "/introduction.html".
    pub fn get(&self, path: &str) -> Option<&File> {
        let path = path.trim_start_matches('/');
        match path.is_empty() || path.ends_with('/') {
            true => self.files.get(&format!("{path}index.html")),
            false => self.files.get(path),
        }
    }
}

impl File {
    pub fn is_page(&self) -> bool {
        self.media_type.starts_with("text/html")
    }

    /// The page with the mark in its head.
    pub fn marked(&self, build: &str) -> Bytes {
        let html = String::from_utf8_lossy(&self.content);
        html.replacen("</head>", &format!("{MARK}{build}\"></head>"), 1)
            .into()
    }
}

fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("avif") => "image/avif",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
