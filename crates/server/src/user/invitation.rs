//! What somebody who becomes a member of an account is told.

use edge::Result;
use serde_json::json;
use store::Tx;
use types::{AccountId, UserId};

use crate::access::Member;
use crate::events::Actor;
use crate::platform::audit;

/// Notes that `inviter` made the user a member of the account.
pub fn invite(tx: &mut Tx<'_>, account: AccountId, inviter: &Member, user: UserId) -> Result<()> {
    audit::record_in(tx, account, &Actor::from(inviter), "user.invited", &json!({ "user_id": user }))
}
