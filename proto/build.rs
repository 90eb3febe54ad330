//! Compiles every contract in this folder: protox parses the schemas (no protoc needed), and
//! tonic-prost-build writes the Rust. The same descriptor set is kept for whoever must name a
//! field by its number: the wire tap, and server reflection.

use std::path::{Path, PathBuf};
use std::{env, error::Error, fs};

use prost::Message as _;

fn main() -> Result<(), Box<dyn Error>> {
    let mut contracts = Vec::new();
    for package in fs::read_dir(".")? {
        let package = package?.path().join("v1");
        if package.is_dir() {
            contracts.extend(protos_in(&package)?);
        }
    }
    contracts.sort();

    let mut descriptors = protox::compile(&contracts, ["."])?;
    tonic_prost_build::configure().compile_fds(descriptors.clone())?;

    // The comments have gone into the Rust. What runs needs the names and numbers.
    for file in &mut descriptors.file {
        file.source_code_info = None;
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    Ok(())
}

fn protos_in(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            // protox names a file by its path below the include folder, with no leading "./".
            found.push(path.strip_prefix(".").unwrap_or(&path).to_path_buf());
        }
    }
    Ok(found)
}
