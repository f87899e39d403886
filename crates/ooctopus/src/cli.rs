//! The command line.

use std::fmt;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use server::account::locale;
use types::{AccountId, Availability, JobId, Role, WebhookEvent};

use crate::config::Flags;

/// A customer-support server in one binary.
#[derive(Debug, Parser)]
#[command(name = "ooctopus", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// The file with settings [default: ooctopus.toml in the data folder, if there is one]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    pub config: Option<PathBuf>,
    /// Settings.
    #[command(flatten)]
    pub settings: Flags,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve, until SIGTERM or SIGINT
    Serve(ServeArgs),
    /// Fill a demo account, once, and print how to use it
    Demo,
    /// Bring the database up to date
    Migrate,
    /// Check the installation, one line a check
    Doctor,
    /// Print what happens in an account of a server, or forward it as signed webhooks, until SIGTERM or SIGINT
    Listen(ListenArgs),
    /// Accounts, users, platform apps and jobs
    #[command(subcommand)]
    Admin(AdminCommand),
}

/// How to serve.
#[derive(Debug, Clone, Copy, Args)]
pub struct ServeArgs {
    /// Fill a demo account, once, and print how to use it
    #[arg(long)]
    pub demo: bool,
}

// Holds secrets: not to be printed.
/// What to listen to, and what becomes of it.
#[derive(Args)]
pub struct ListenArgs {
    /// The server
    #[arg(long, env = "OOCTOPUS_URL", default_value = "http://127.0.0.1:3000")]
    pub url: String,
    /// The account
    #[arg(long, value_parser = read_account)]
    pub account: AccountId,
    /// API key of an administrator of the account; in the environment other users of the machine cannot read it
    #[arg(long, env = "OOCTOPUS_TOKEN", hide_env_values = true)]
    pub token: String,
    /// Only these, as webhooks name them, with commas between
    #[arg(long, value_delimiter = ',', value_parser = read_event)]
    pub events: Vec<WebhookEvent>,
    /// Begin after the event with this number, instead of now
    #[arg(long, value_name = "SEQ", value_parser = read_position)]
    pub since: Option<String>,
    /// Post each event there as the server posts webhooks; any address, this machine's too
    #[arg(long, value_name = "URL")]
    pub forward_to: Option<String>,
    /// What signs the posts [default: one is made and printed]
    #[arg(long, env = "OOCTOPUS_WEBHOOK_SECRET", hide_env_values = true)]
    pub secret: Option<String>,
}

impl fmt::Debug for ListenArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenArgs").field("url", &self.url).field("account", &self.account).finish_non_exhaustive()
    }
}

/// What an operator can do; all of it also beside a running server.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Users
    #[command(subcommand)]
    User(UserCommand),
    /// Platform apps
    #[command(subcommand)]
    PlatformApp(PlatformAppCommand),
    /// Work that is owed: what waits, what runs, and what was given up
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// Print a link that sets up the first account, once; refused when there are users
    SetupLink,
}

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make an account; prints its id
    Create {
        /// Its name
        name: String,
        /// Its language
        #[arg(long, default_value = locale::DEFAULT, value_parser = read_locale)]
        locale: &'static str,
    },
    /// List the accounts: id, name, status
    List,
}

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a user who is a member of an account; whoever has the address already joins the account
    Create(NewUserArgs),
    /// Set whether a member takes conversations
    Availability(AvailabilityArgs),
    /// Print a user's access token
    Token {
        /// The user's mail address
        #[arg(long)]
        email: String,
        /// Only if the user is a member of this account
        #[arg(long, value_parser = read_account)]
        account: Option<AccountId>,
    },
}

/// A user to be made.
#[derive(Debug, Args)]
pub struct NewUserArgs {
    /// The account
    #[arg(long, value_parser = read_account)]
    pub account: AccountId,
    /// Mail address
    #[arg(long)]
    pub email: String,
    /// Full name
    #[arg(long)]
    pub name: String,
    /// What the user may do: agent or administrator
    #[arg(long, default_value = "agent", value_parser = read_role)]
    pub role: Role,
    /// Where the password comes from: it is never an argument, which every user of the machine can read
    #[arg(long, default_value = "generated")]
    pub password: PasswordSource,
}

/// Where a password comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PasswordSource {
    /// Made at random and printed
    Generated,
    /// The first line of the standard input
    #[value(name = "-")]
    Input,
}

/// A member's availability.
#[derive(Debug, Args)]
pub struct AvailabilityArgs {
    /// The account
    #[arg(long, value_parser = read_account)]
    pub account: AccountId,
    /// The member's mail address
    #[arg(long)]
    pub email: String,
    /// Whether the member takes conversations: online, busy or offline
    #[arg(long, value_parser = read_availability)]
    pub availability: Availability,
    /// Whether the member is offline as soon as no window is open [default: as it is]
    #[arg(long, action = ArgAction::Set, value_name = "true|false")]
    pub auto_offline: Option<bool>,
}

/// What can be done with jobs.
#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// List jobs: the dead first, then those that run, then those that wait
    List {
        /// Only those of one state
        #[arg(long, value_parser = ["waiting", "running", "dead"])]
        state: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one job
    Show {
        /// Its number
        #[arg(value_parser = read_job)]
        id: JobId,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Try a dead job again, with all its tries
    Retry {
        /// Its number
        #[arg(value_parser = read_job)]
        id: JobId,
    },
    /// Drop a dead job: what it owed is never done
    Drop {
        /// Its number
        #[arg(value_parser = read_job)]
        id: JobId,
    },
}

/// What can be done with platform apps.
#[derive(Debug, Subcommand)]
pub enum PlatformAppCommand {
    /// Make a platform app; prints its token and nothing else
    Create {
        /// Its name
        name: String,
    },
    /// List the platform apps: id, name
    List,
}

fn read_locale(text: &str) -> Result<&'static str, String> {
    locale::find(text).ok_or_else(|| "there is no such language; codes are like en or pt_BR".into())
}

fn read_account(text: &str) -> Result<AccountId, String> {
    text.parse().map(AccountId::new).map_err(|_| "an account is a number".into())
}

fn read_event(text: &str) -> Result<WebhookEvent, String> {
    let names: Vec<&str> = WebhookEvent::ALL.iter().map(|event| event.as_str()).collect();
    text.parse().map_err(|_| format!("the events are {}", names.join(", ")))
}

fn read_position(text: &str) -> Result<String, String> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let is_position = text.splitn(2, '.').all(is_number);
    is_position.then(|| text.to_owned()).ok_or_else(|| "a place in the log is a number like 41 or 41.0".into())
}

fn read_job(text: &str) -> Result<JobId, String> {
    text.parse().map(JobId::new).map_err(|_| "a job is a number".into())
}

fn read_role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_| "a role is agent or administrator".into())
}

fn read_availability(text: &str) -> Result<Availability, String> {
    text.parse().map_err(|_| "an availability is online, busy or offline".into())
}
