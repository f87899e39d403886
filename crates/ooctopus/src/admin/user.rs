//! `ooctopus admin user`.

use std::io::BufRead;

use anyhow::{Context, Result};
use server::events::Actor;
use server::user::{self, NewUser, password};
use server::{account, agent};
use store::{Conn, Store};
use types::{AccountId, Json, UserId};

use crate::cli::{AvailabilityArgs, NewUserArgs, PasswordSource, UserCommand};
use crate::output;

pub async fn run(store: &Store, command: UserCommand) -> Result<()> {
    match command {
        UserCommand::Create(args) => create(store, args).await,
        UserCommand::Availability(args) => set_availability(store, args).await,
        UserCommand::Token { email, account } => print_token(store, email, account).await,
    }
}

/// The password to be hashed, and whether its owner has to be told.
struct Password {
    text: String,
    is_news: bool,
}

impl Password {
    fn from(source: PasswordSource) -> Result<Self> {
        match source {
            // The end brings the kinds of characters that chance may have left out.
            PasswordSource::Generated => Ok(Self { text: format!("{}-aA1", server::token::random()), is_news: true }),
            PasswordSource::Input => {
                let mut line = String::new();
                std::io::stdin().lock().read_line(&mut line).context("reading the password")?;
                Ok(Self { text: line.trim_end_matches(['\r', '\n']).to_owned(), is_news: false })
            }
        }
    }
}

async fn create(store: &Store, args: NewUserArgs) -> Result<()> {
    let password = Password::from(args.password)?;
    password::check_rules(&password.text)?;
    let new = NewUser {
        name: args.name,
        email: args.email.clone(),
        display_name: None,
        password_hash: password::hash(password.text.clone()).await?,
        custom_attributes: Json::object(),
        confirmed: true,
    };
    let (account, role) = (args.account, args.role);
    let (id, token, was_known) = store
        .write(move |tx| {
            account::store::find(tx, account)?.ok_or(server::Error::NotFound("account"))?;
            let known = user::store::find_id_by_email(tx, &user::normal_email(&new.email))?;
            let (id, token) = user::service::create(tx, &new)?;
            agent::service::add_member(tx, account, id, role, &Actor::Operator)?;
            Ok::<_, server::Error>((id, token, known.is_some()))
        })
        .await?;
    output::print_line(&format!("id: {id}"))?;
    output::print_line(&format!("token: {token}"))?;
    if was_known {
        output::print_line("password: the user was there before and keeps it")?;
    } else if password.is_news {
        output::print_line(&format!("password: {}", password.text))?;
    }
    Ok(())
}

async fn set_availability(store: &Store, args: AvailabilityArgs) -> Result<()> {
    store
        .write(move |tx| {
            let account = args.account;
            let id = find_id(tx, &args.email)?;
            let member =
                agent::store::find(tx, account, id)?.ok_or(server::Error::NotFound("member of the account"))?;
            let auto_offline = args.auto_offline.or(member.auto_offline).unwrap_or(true);
            agent::service::set_availability(tx, account, id, args.availability, auto_offline, &Actor::Operator)?;
            Ok::<_, server::Error>(())
        })
        .await?;
    Ok(())
}

async fn print_token(store: &Store, email: String, account: Option<AccountId>) -> Result<()> {
    let user = store
        .read(move |conn| {
            let id = find_id(conn, &email)?;
            let memberships = user::store::list_memberships(conn, id)?;
            let is_member =
                account.is_none_or(|account| memberships.iter().any(|membership| membership.account_id == account));
            let found = user::store::find(conn, id)?.filter(|_| is_member);
            found.ok_or(server::Error::NotFound("member of the account"))
        })
        .await?;
    Ok(output::print_line(&user.access_token)?)
}

fn find_id(conn: &mut Conn<'_>, email: &str) -> server::Result<UserId> {
    user::store::find_id_by_email(conn, &user::normal_email(email))?.ok_or(server::Error::NotFound("user"))
}
