//! What mails say: HTML for programs that show it, and the same as text.
//!
//! Styles stand in attributes, since many programs drop the rest; colours are chosen so that those that turn them
//! around for the dark keep them readable.

use mailer::Mail;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Content, Letter, Next};
use crate::BaseUrl;

/// Longest name in a subject, in characters.
const LONGEST_NAME: usize = 60;

const BODY: &str = "margin:0;padding:0;background-color:#f3f4f8;";
const FRAME: &str = "width:100%;background-color:#f3f4f8;";
const SHEET: &str = "width:100%;max-width:480px;background-color:#ffffff;border:1px solid #dcdfe8;border-radius:16px;";
const TEXT: &str = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;\
                    line-height:24px;color:#1a1e2b;";
const HEADING: &str = "margin:0 0 16px;font-size:22px;line-height:28px;font-weight:700;";
const PARAGRAPH: &str = "margin:0 0 16px;overflow-wrap:anywhere;word-break:break-word;";
const BUTTON: &str = "display:inline-block;padding:12px 24px;font-weight:600;text-decoration:none;color:#ffffff;\
                      background-color:#3f4fd6;border:1px solid #3f4fd6;border-radius:8px;";
const SMALL: &str = "margin:0 0 12px;font-size:14px;line-height:20px;color:#535a6c;overflow-wrap:anywhere;\
                     word-break:break-word;";

/// For programs that follow the reader's light and dark.
const DARK: &str = "@media(prefers-color-scheme:dark){body,.frame{background-color:#10121a!important}\
                    .sheet{background-color:#1a1d28!important;border-color:#2e3342!important}\
                    .text{color:#e8eaf2!important}.small{color:#a9b0c2!important}.small a{color:#97a4ff!important}\
                    .button{color:#12152a!important;background-color:#97a4ff!important;border-color:#97a4ff!important}}";

/// What a mail says, before it is HTML or text.
struct Said<'a> {
    subject: String,
    heading: String,
    /// One paragraph each.
    before: Vec<String>,
    button: &'a str,
    link: &'a str,
    /// One paragraph each, small.
    after: Vec<String>,
}

/// The mail that a letter becomes.
pub fn mail(letter: &Letter, base_url: &BaseUrl) -> Mail {
    let said = said(letter, base_url);
    let name = match &letter.content {
        Content::Invitation { .. }
        | Content::Password { .. }
        | Content::AddressChange { .. }
        | Content::EndpointPaused { .. } => Some(one_line(letter.user.available_name())),
        // Who has only signed up may be somebody who writes to strangers in our name.
        Content::Confirmation { .. } | Content::NewAddress { .. } => None,
    };
    Mail {
        to: letter.to.clone(),
        text: text(&said, name.as_deref()),
        html: html(&said, name.as_deref()).into_string(),
        subject: said.subject,
    }
}

fn said<'a>(letter: &'a Letter, base_url: &BaseUrl) -> Said<'a> {
    let place = base_url.split_once("://").map_or(&**base_url, |(_, place)| place);
    let email = &letter.user.email;
    match &letter.content {
        Content::Invitation { account, inviter, next } => {
            let who = one_line(inviter.as_deref().unwrap_or("An administrator"));
            let account = one_line(account);
            let short = (shortened(&who), shortened(&account));
            let added =
                format!("{who} has added you to the team of {account} on Ooctopus, the support desk at {place}.");
            let (what, button, link, after) = match next {
                Next::SetPassword { link } => (
                    format!("Choose a password to begin. You sign in with {email}."),
                    "Choose a password",
                    link,
                    vec!["The link works once, for 30 days. \"Forgotten your password?\" on the sign-in page sends another one.".into()],
                ),
                Next::SignIn { link } => (
                    format!("You sign in as before, with {email}."),
                    "Sign in",
                    link,
                    Vec::new(),
                ),
            };
            Said {
                subject: format!("{} has added you to {}", short.0, short.1),
                heading: format!("Welcome to {account}"),
                before: vec![added, what],
                button,
                link,
                after: after
                    .into_iter()
                    .chain(["If you did not expect this, you can ignore this mail.".into()])
                    .collect(),
            }
        }
        Content::Password { link } => Said {
            subject: "Set another password".into(),
            heading: "Set another password".into(),
            before: vec![format!("Somebody, probably you, has asked to set another password for {email} at {place}.")],
            button: "Set a password",
            link,
            after: vec![
                "The link works once, for 6 hours. All other sessions end when the password is set.".into(),
                "If it was not you, ignore this mail: your password stays as it is.".into(),
            ],
        },
        Content::NewAddress { link } => Said {
            subject: "Confirm your new e-mail address".into(),
            heading: "Confirm your new e-mail address".into(),
            before: vec![format!(
                "Somebody, probably you, wants to sign in at {place} with {} from now on. Please confirm that it is your \
                 address.",
                letter.to
            )],
            button: "Confirm the address",
            link,
            after: vec![
                "The link works for 30 days.".into(),
                "If it was not you, ignore this mail: nothing changes then.".into(),
            ],
        },
        Content::AddressChange { wanted, link } => Said {
            subject: "Your e-mail address is about to change".into(),
            heading: "Your e-mail address is about to change".into(),
            before: vec![
                format!(
                    "Somebody who is signed in as you at {place} wants to use {wanted} instead of {}. It changes as soon as \
                     the new address is confirmed.",
                    letter.to
                ),
                "If it was you, there is nothing to do here.".into(),
                "If it was not you, set another password at once: that stops the change, and ends all sessions.".into(),
            ],
            button: "Set another password",
            link,
            after: Vec::new(),
        },
        Content::EndpointPaused { account, endpoint, link } => Said {
            subject: format!("Nothing is sent to {} any more", shortened(endpoint)),
            heading: "A webhook was paused".into(),
            before: vec![
                format!(
                    "{} of {} took nothing for a day, so Ooctopus at {place} sends nothing more to it.",
                    one_line(endpoint),
                    one_line(account)
                ),
                "What happens meanwhile is kept for three days and sent when you resume it.".into(),
            ],
            button: "Look at the webhooks",
            link,
            after: vec!["You get this mail because you are an administrator of the account.".into()],
        },
        Content::Confirmation { link } => Said {
            subject: "Confirm your e-mail address".into(),
            heading: "Confirm your e-mail address".into(),
            before: vec![format!("Please confirm that {email} is your address, so that you can sign in at {place}.")],
            button: "Confirm the address",
            link,
            after: vec![
                "The link works for 30 days.".into(),
                "If you did not sign up, ignore this mail: nobody can sign in with your address.".into(),
            ],
        },
    }
}

fn text(said: &Said<'_>, name: Option<&str>) -> String {
    let greeting = name.map_or_else(|| "Hello,".into(), |name| format!("Hello {name},"));
    let parts = [greeting].into_iter().chain(said.before.iter().cloned());
    let parts = parts.chain([format!("{}:\n{}", said.button, said.link)]).chain(said.after.iter().cloned());
    let mut text = parts.collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

fn html(said: &Said<'_>, name: Option<&str>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="supported-color-schemes" content="light dark";
                title { (said.subject) }
                style { (PreEscaped(DARK)) }
            }
            body style=(BODY) {
                table.frame role="presentation" cellpadding="0" cellspacing="0" border="0" style=(FRAME) {
                    tr { td align="center" style="padding:32px 16px;" {
                        table.sheet role="presentation" cellpadding="0" cellspacing="0" border="0" style=(SHEET) {
                            tr { td.text align="left" style={ (TEXT) "padding:32px;" } {
                                h1.text dir="auto" style={ (TEXT) (HEADING) } { (said.heading) }
                                p.text style={ (TEXT) (PARAGRAPH) } { "Hello" @if let Some(name) = name { " " bdi { (name) } } "," }
                                @for paragraph in &said.before {
                                    p.text dir="auto" style={ (TEXT) (PARAGRAPH) } { (paragraph) }
                                }
                                p style="margin:24px 0;" {
                                    a.button href=(said.link) style={ (TEXT) (BUTTON) } { (said.button) }
                                }
                                @for paragraph in &said.after {
                                    p.small style={ (TEXT) (SMALL) } { (paragraph) }
                                }
                                p.small style={ (TEXT) (SMALL) "margin-bottom:0;" } {
                                    "If the button does nothing, open this address:" br;
                                    a href=(said.link) style="color:#3f4fd6;" { (said.link) }
                                }
                            } }
                        }
                    } }
                }
            }
        }
    }
}

/// A name without what would begin a paragraph of its own.
fn one_line(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The beginning of a long name.
fn shortened(name: &str) -> String {
    if name.chars().nth(LONGEST_NAME).is_none() {
        return name.to_owned();
    }
    name.chars().take(LONGEST_NAME - 1).chain(['…']).collect()
}
