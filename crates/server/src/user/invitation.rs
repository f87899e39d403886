//! What somebody who becomes a member of an account is told.

use edge::Result;
use serde_json::json;
use store::Tx;
use types::{AccountId, UserId};

use crate::events::Actor;
use crate::mail::{self, Occasion};
use crate::platform::audit;

/// Notes that `inviter` made `user` a member of `account`, and owes the user a mail that says so.
pub fn invite(tx: &mut Tx<'_>, account: AccountId, inviter: UserId, user: UserId) -> Result<()> {
    let actor = Actor::User { id: inviter, name: String::new() };
    audit::record_in(tx, account, &actor, "user.invited", &json!({ "user_id": user }))?;
    mail::owe(tx, user, Occasion::Invitation { account_id: account, inviter_id: inviter })
}
