//! Who types (superset §10): told to those who look on, and kept nowhere.

use axum::extract::State;
use edge::field::{Flag, Text};
use edge::{Body, Empty, ErrorJson, Path, Result, Shape};
use serde::Deserialize;
use types::{AccountId, ConversationId};
use utoipa::ToSchema;

use super::service;
use crate::access::MemberOrBot;
use crate::cable::{self, Typing, Typist};
use crate::{App, delivery};

/// Whether somebody types.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = conversation_typing)]
pub struct TypingBody {
    /// `on` or `off`; other words are not heeded.
    pub typing_status: Option<Text>,
    /// A private note, of which the contact is not told.
    pub is_private: Option<Flag>,
}

impl Shape for TypingBody {}

/// Tell those who look on that the caller types, or has stopped.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_typing_status",
    operation_id = "toggleTypingStatus",
    tag = "Conversations",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("conversation_id" = i64, Path, description = "The conversation's number")
    ),
    request_body = TypingBody,
    responses(
        (status = 200, description = "Told"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such conversation", body = ErrorJson)
    ),
    security(("userApiKey" = []), ("agentBotApiKey" = []))
)]
pub async fn toggle(
    State(app): State<App>,
    caller: MemberOrBot,
    Path((account, display_id)): Path<(AccountId, i64)>,
    Body(body): Body<TypingBody>,
) -> Result<Empty> {
    let typist = match &caller {
        MemberOrBot::Member(member) => Typist::User(member.user_id),
        MemberOrBot::Bot(bot) => Typist::Bot(bot.id),
    };
    let conversation = app.store.read(move |conn| service::find_visible_to(conn, &caller, display_id)).await?;
    body.tell(&app, account, conversation.id, typist).await?;
    Ok(Empty)
}

impl TypingBody {
    /// Tells all who look on, in every process.
    pub async fn tell(
        &self,
        app: &App,
        account: AccountId,
        conversation: ConversationId,
        typist: Typist,
    ) -> Result<()> {
        let is_on = match self.typing_status.as_ref().map(Text::as_str) {
            Some("on") => true,
            Some("off") => false,
            _ => return Ok(()),
        };
        let is_private = self.is_private.is_some_and(Flag::get);
        let typing = Typing { account_id: account, conversation_id: conversation, typist, is_on, is_private };
        cable::typing(app, typing).await?;
        delivery::typing(app, typing).await
    }
}
