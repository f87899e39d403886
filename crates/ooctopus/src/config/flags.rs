//! The flags that settings have on every command.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::{KEYS, Key};

/// The settings that the command line names.
#[derive(Debug, Clone, Default)]
pub struct Flags(BTreeMap<&'static str, String>);

impl Flags {
    /// The text given for the key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&'static str, &str); N]> for Flags {
    fn from(flags: [(&'static str, &str); N]) -> Self {
        Self(flags.into_iter().map(|(key, text)| (key, text.to_owned())).collect())
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |key: &Key| Some((key.name, matches.get_one::<String>(key.name)?.clone()));
        Ok(Self(KEYS.iter().filter_map(given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.extend(Self::from_arg_matches(matches)?.0);
        Ok(())
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        command.args(KEYS.iter().map(arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn arg(key: &Key) -> Arg {
    let docs: Vec<String> = key.lines().collect();
    let default = if key.default.is_empty() { String::new() } else { format!(" [default: {}]", key.default) };
    Arg::new(key.name).long(key.flag()).value_name("VALUE").global(true).help_heading("Settings").help(format!(
        "{}{default} [env: {}]",
        docs.join(" "),
        key.variable()
    ))
}
