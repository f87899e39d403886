//! Endpoints that are paused, and the administrators who hear of it.

use ::store::{Conn, Tx, sql};
use edge::Result;
use types::{AccountId, EndpointId, EndpointKind, Role, Timestamp, UserId};

use super::{Endpoint, store};
use crate::mail::{self, Occasion};

/// Pauses a locked endpoint that took nothing for long, and tells the administrators.
pub fn pause(tx: &mut Tx<'_>, endpoint: &mut Endpoint, now: Timestamp) -> Result<()> {
    endpoint.paused_at = Some(now);
    tracing::info!(endpoint = %endpoint.id, account = %endpoint.account_id, "an endpoint took nothing for a day: paused");
    let administrators: Vec<(UserId,)> = tx.query(
        sql!("SELECT user_id FROM account_users WHERE account_id = $1 AND role = $2 ORDER BY user_id"),
        (endpoint.account_id, Role::Administrator),
    )?;
    for (user,) in administrators {
        let occasion = Occasion::EndpointPaused { account_id: endpoint.account_id, endpoint_id: endpoint.id };
        mail::owe(tx, user, occasion)?;
    }
    Ok(())
}

/// What an endpoint is called that is paused; `None` when it is not, or gone.
pub fn find_paused_name(conn: &mut Conn<'_>, account: AccountId, id: EndpointId) -> Result<Option<String>> {
    let found = store::find_endpoint(conn, id)?;
    let paused = found.filter(|endpoint| endpoint.account_id == account && endpoint.paused_at.is_some());
    let Some(endpoint) = paused else { return Ok(None) };
    let Some(target) = store::find_target(conn, &endpoint)? else { return Ok(None) };
    let what = match endpoint.kind {
        EndpointKind::Webhook => "The webhook",
        EndpointKind::Inbox => "The webhook of an API inbox",
        EndpointKind::AgentBot => "The agent bot",
    };
    Ok(Some(format!("{what} {}", without_login(&target.url))))
}

/// The address without the name and the password that it may have: a mail is read by many.
fn without_login(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{}", &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::without_login;

    #[test]
    fn no_password_goes_into_a_mail() {
        for (url, shown) in [
            ("https://me:p%40ss@hooks.example/a@b?c@d", "https://hooks.example/a@b?c@d"),
            ("https://me@hooks.example", "https://hooks.example"),
            ("http://hooks.example:8080/@", "http://hooks.example:8080/@"),
        ] {
            assert_eq!(without_login(url), shown);
        }
    }
}
