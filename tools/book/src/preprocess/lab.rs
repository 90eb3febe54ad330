//! A lab's card and its hints, as HTML that says all that a reader without the server needs.

use std::path::Path;

use lab::course::{Lab, Stage};

use crate::markdown::{self, escape, phrase, relative};

/// The stages, with what each teaches and where the book does so, and the command to type.
/// `lab-card.js` brings it to life where the course's server answers.
pub fn card(page: &Path, lab: &Lab) -> String {
    let mut out = format!(
        "\n<lab-card lab=\"{name}\">\n\
         <p class=\"lab-title\">Lab: {title}</p>\n\
         <p class=\"lab-facts\">{stages} stages · about {minutes} minutes · {points} points</p>\n\
         <ol class=\"lab-stages\">\n",
        name = escape(&lab.name),
        title = escape(&lab.title),
        stages = lab.stages.len(),
        minutes = lab.minutes,
        points = lab.points(),
    );
    for stage in &lab.stages {
        out.push_str(&format!(
            "<li data-stage=\"{id}\"><span class=\"lab-stage\"><a href=\"{href}\">{title}</a> \
             <span class=\"lab-points\">{points} points</span></span>\n\
             <span class=\"lab-teaches\">{teaches}</span></li>\n",
            id = escape(&stage.id),
            href = escape(&relative(page, &lab.page(stage))),
            title = escape(&stage.title),
            points = stage.points,
            teaches = phrase(&stage.teaches),
        ));
    }
    out.push_str(&format!(
        "</ol>\n<pre class=\"lab-command\"><code class=\"language-console\">cargo lab test {}</code></pre>\n</lab-card>\n",
        escape(&lab.name)
    ));
    out
}

/// Each hint lies within the one before: it cannot be opened first.
pub fn hints(lab: &Lab, stage: &Stage) -> String {
    let of = stage.hints.len();
    let mut out = format!(
        "\n<lab-hints lab=\"{}\" stage=\"{}\">\n",
        escape(&lab.name),
        escape(&stage.id)
    );
    for (index, hint) in stage.hints.iter().enumerate() {
        out.push_str(&format!(
            "<details><summary>Hint {} of {of}<span class=\"lab-hint-stage\"> for stage {}, {}</span></summary>\n<div class=\"lab-hint\">\n{}\n</div>\n",
            index + 1,
            stage.number,
            escape(&stage.title),
            markdown::hint(hint)
        ));
    }
    out.push_str(&"</details>\n".repeat(of));
    out.push_str("</lab-hints>\n");
    out
}
