//! The documented sample file, made from the list of settings.

use std::fmt::Write;

use super::{FILE_NAME, KEYS};

const HEAD: &str = "\
Settings of Ooctopus. Every line is at its default: take the # away to change it.

What counts, weakest first: the defaults, this file, the environment, flags. The file is read from the data
folder, where it is named {file}, or from where --config says.
";

/// The text of the sample file.
pub fn text() -> String {
    let mut text = String::new();
    for line in HEAD.replace("{file}", FILE_NAME).lines() {
        push(&mut text, format!("# {line}").trim_end());
    }
    for key in KEYS {
        push(&mut text, "");
        for line in key.lines() {
            push(&mut text, &format!("# {line}"));
        }
        push(&mut text, &format!("# Environment: {}. Flag: --{}.", key.variable(), key.flag()));
        push(&mut text, &format!("#{} = \"{}\"", key.name, key.default));
    }
    text
}

fn push(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a text cannot fail");
}
