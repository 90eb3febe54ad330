//! A drawing, placed into the page itself so that it follows the reader's theme.

use std::path::Path;

use crate::finding::slashed;
use crate::markdown::phrase;

/// What would make a drawing more than a drawing, or spill into the page around it.
const REFUSED: [(&str, &str); 4] = [
    ("<script", "a script"),
    (
        "<style",
        "a style sheet, which would apply to the whole page",
    ),
    ("<foreignObject", "foreign content"),
    ("<image", "another image"),
];

pub fn inline(path: &Path, svg: &str, caption: &str) -> super::Expansion {
    let shown = slashed(path);
    let Some(start) = svg.find("<svg") else {
        return Err((
            format!("{shown} is not an SVG"),
            "only drawings are figures; show another image with `![…](…)`".to_owned(),
        ));
    };
    if let Some((_, what)) = REFUSED.iter().find(|(tag, _)| svg.contains(tag)) {
        return Err((
            format!("{shown} contains {what}"),
            "draw with shapes, text and attributes only".to_owned(),
        ));
    }
    for (wanted, why) in [
        ("viewBox=", "so that it scales"),
        ("<title", "for a reader who does not see it"),
        ("<desc", "for a reader who does not see it"),
    ] {
        if !svg.contains(wanted) {
            return Err((
                format!("{shown} has no {}", wanted.trim_matches(['<', '='])),
                format!("add one, {why}"),
            ));
        }
    }

    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut svg = svg[start..].to_owned();
    for id in ids(&svg) {
        let unique = format!("{stem}-{id}");
        for (before, after) in [
            (format!("id=\"{id}\""), format!("id=\"{unique}\"")),
            (format!("url(#{id})"), format!("url(#{unique})")),
            (format!("\"#{id}\""), format!("\"#{unique}\"")),
            (
                format!("labelledby=\"{id}\""),
                format!("labelledby=\"{unique}\""),
            ),
            (
                format!("describedby=\"{id}\""),
                format!("describedby=\"{unique}\""),
            ),
            (
                format!("labelledby=\"{id} "),
                format!("labelledby=\"{unique} "),
            ),
        ] {
            svg = svg.replace(&before, &after);
        }
    }
    if !svg[..svg.find('>').unwrap_or(0)].contains("role=") {
        svg.insert_str("<svg".len(), " role=\"img\"");
    }
    let lines: Vec<_> = svg.lines().filter(|line| !line.trim().is_empty()).collect();
    let caption = match caption {
        "" => String::new(),
        caption => format!("\n<figcaption>{}</figcaption>", phrase(caption)),
    };
    Ok(format!(
        "\n<figure class=\"drawing\">\n{}{caption}\n</figure>\n",
        lines.join("\n")
    ))
}

fn ids(svg: &str) -> Vec<String> {
    svg.split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(id, _)| id.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_become_the_drawings_own() {
        let svg = "<?xml version=\"1.0\"?>\n<svg viewBox=\"0 0 1 1\">\n\n<title>t</title><desc>d</desc><marker id=\"a\"/><path marker-end=\"url(#a)\"/></svg>";
        let html = inline(Path::new("src/x/call.svg"), svg, "One `call`").unwrap();
        assert_eq!(
            html,
            "\n<figure class=\"drawing\">\n<svg role=\"img\" viewBox=\"0 0 1 1\">\n<title>t</title><desc>d</desc><marker id=\"call-a\"/><path marker-end=\"url(#call-a)\"/></svg>\n<figcaption>One <code>call</code></figcaption>\n</figure>\n"
        );
    }

    #[test]
    fn a_drawing_without_a_title_is_refused() {
        let refused = inline(
            Path::new("src/a.svg"),
            "<svg viewBox=\"0 0 1 1\"></svg>",
            "",
        );
        assert_eq!(refused.unwrap_err().0, "src/a.svg has no title");
    }
}
