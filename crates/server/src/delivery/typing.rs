//! Who types, told to webhooks that want to know (realtime.md §3.5). It stands in no log, and is told once.

use ::store::Conn;
use edge::Result;
use types::{EndpointKind, WebhookEvent};
use uuid::Uuid;

use super::payload::Payloads;
use super::{NewDelivery, Recipient, store};
use crate::cable::{Typing, Typist};
use crate::conversation::{push, view};
use crate::message::sender::{self, SenderJson};
use crate::{App, BaseUrl, webhook};

/// Tells the account's webhooks that somebody types, or has stopped.
pub async fn typing(app: &App, typing: Typing) -> Result<()> {
    let base_url = app.settings.base_url.clone();
    let Some((recipients, delivery)) = app.store.read(move |conn| render(conn, &base_url, typing)).await? else {
        return Ok(());
    };
    let write = move |tx: &mut ::store::Tx<'_>| {
        for recipient in &recipients {
            store::enqueue(tx, typing.account_id, *recipient, std::slice::from_ref(&delivery))?;
        }
        Ok(())
    };
    app.store.write(write).await
}

fn render(conn: &mut Conn<'_>, base_url: &BaseUrl, typing: Typing) -> Result<Option<(Vec<Recipient>, NewDelivery)>> {
    let account = typing.account_id;
    let event = if typing.is_on { WebhookEvent::ConversationTypingOn } else { WebhookEvent::ConversationTypingOff };
    let wanted = webhook::store::list(conn, account)?.into_iter().filter(|webhook| webhook.events().contains(&event));
    let recipients: Vec<Recipient> =
        wanted.map(|webhook| Recipient { kind: EndpointKind::Webhook, subject: webhook.id.get() }).collect();
    if recipients.is_empty() {
        return Ok(None);
    }
    let typist = match typing.typist {
        Typist::User(id) => sender::find_user(conn, account, id, base_url)?.map(SenderJson::User),
        Typist::Bot(id) => sender::find_bot(conn, id, base_url)?.map(SenderJson::Bot),
        Typist::Contact(_) => {
            let viewer =
                view::Viewer { account_id: account, user_id: None, now: conn.now(), base_url: base_url.clone() };
            let mut pushes = push::Pushes::default();
            let found = pushes.conversation(conn, &viewer, typing.conversation_id)?;
            found.and_then(|(_, push)| push.meta.sender.clone()).map(SenderJson::Contact)
        }
    };
    let (Some(typist), Some(mut payloads)) = (typist, Payloads::new(conn, account, base_url)?) else { return Ok(None) };
    let payload = payloads.typing(conn, typing.conversation_id, typist, typing.is_private)?;
    Ok(payload.map(|payload| {
        let delivery = NewDelivery {
            event_key: Uuid::new_v4().to_string(),
            part: 0,
            event: event.as_str(),
            lane: format!("conversation {}", typing.conversation_id),
            body: payload.body(event.as_str(), None),
            conversation_id: payload.conversation_id,
            message_id: None,
        };
        (recipients, delivery)
    }))
}
