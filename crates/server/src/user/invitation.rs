//! What somebody who becomes a member of an account is told.

use edge::Result;
use serde_json::json;
use store::Tx;
use types::{AccountId, UserId};

use crate::events::Actor;
use crate::platform::audit;

/// Notes that `inviter` made `user` a member of `account`.
pub fn invite(tx: &mut Tx<'_>, account: AccountId, inviter: UserId, user: UserId) -> Result<()> {
    let inviter = Actor::User { id: inviter, name: String::new() };
    audit::record_in(tx, account, &inviter, "user.invited", &json!({ "user_id": user }))
}
