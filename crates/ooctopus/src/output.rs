//! What commands say.

use std::io::{self, Write};

/// Prints to the standard output. A reader that has gone away is no failure of ours.
pub fn print(text: &str) -> io::Result<()> {
    print_while_read(text).map(drop)
}

/// Prints to the standard output; false when nobody reads it any more.
pub fn print_while_read(text: &str) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        result => result.map(|()| true),
    }
}

/// Prints one line to the standard output.
pub fn print_line(line: &str) -> io::Result<()> {
    print(&format!("{line}\n"))
}

/// Says on the standard error why a command failed: the error and all its causes.
pub fn complain(error: &anyhow::Error) {
    // Nobody is left to be told when this fails.
    drop(writeln!(io::stderr().lock(), "ooctopus: {error:#}"));
}

/// Says on the standard error how a command gets on.
pub fn tell(text: &str) {
    // Nobody is left to be told when this fails.
    drop(writeln!(io::stderr().lock(), "ooctopus: {text}"));
}

/// Text that stays on its line and in its column.
pub fn one_line(text: &str) -> String {
    text.replace(|letter: char| letter.is_control(), " ")
}
