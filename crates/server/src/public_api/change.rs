//! What a contact tells of itself through the Public API (rest.md §5.21).

use ::store::Tx;
use axum::extract::State;
use edge::field::Text;
use edge::{Body, Error, ErrorJson, Json, Path, Result};

use super::access;
use super::wire::PublicContactBody;
use crate::App;
use crate::contact::identify::{self, Claim};
use crate::contact::wire::ContactRecordJson;
use crate::contact::{self, service};
use crate::file::fetch;
use crate::label;

/// How often an update is tried that loses an address to another one in the moment of writing it.
const TRIES: usize = 3;

/// Change the contact of a session. With another contact's e-mail address or phone number the two are merged, and that
/// other one survives.
#[utoipa::path(
    patch,
    path = "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}",
    operation_id = "updateAContact",
    tag = "ContactsAPI",
    params(
        ("inbox_identifier" = String, Path, description = "The API inbox's identifier"),
        ("contact_identifier" = String, Path, description = "The session's source_id")
    ),
    request_body = PublicContactBody,
    responses(
        (status = 200, description = "The contact", body = ContactRecordJson),
        (status = 401, description = "The identity is not proved", body = ErrorJson)
    ),
    security(())
)]
pub async fn update_contact(
    State(app): State<App>,
    Path((identifier, source_id)): Path<(String, String)>,
    Body(body): Body<PublicContactBody>,
) -> Result<Json<ContactRecordJson>> {
    let text = |text: Option<Text>| text.map(|text| text.0).filter(|text| !text.trim().is_empty());
    let hash = text(body.identifier_hash);
    let claim = Claim {
        identifier: text(body.identifier),
        name: text(body.name),
        email: text(body.email).map(|email| email.trim().to_lowercase()),
        phone_number: text(body.phone_number),
        avatar_url: fetch::address(body.avatar_url.as_ref())?,
        custom_attributes: body.custom_attributes.map(|object| object.0).unwrap_or_default(),
    };
    let mut tried = 1;
    loop {
        let (identifier, source_id, hash, claim) = (identifier.clone(), source_id.clone(), hash.clone(), claim.clone());
        let written = app.store.write(move |tx| update(tx, &identifier, &source_id, hash.as_deref(), &claim)).await;
        match written {
            // Another contact has got the address since we looked: the next look finds it.
            Err(error) if service::is_taken(&error) && tried < TRIES => tried += 1,
            written => return written.map(Json),
        }
    }
}

fn update(
    tx: &mut Tx<'_>,
    identifier: &str,
    source_id: &str,
    hash: Option<&str>,
    claim: &Claim,
) -> Result<ContactRecordJson> {
    for _ in 0..access::ATTEMPTS {
        let visitor = access::find_visitor(tx, identifier, source_id)?;
        let account = visitor.account_id();
        if visitor.prove(claim.identifier.as_deref(), hash)? && !visitor.session.hmac_verified {
            contact::store::verify_session(tx, account, visitor.session.id)?;
        }
        match identify::update(tx, account, &visitor.contact, claim) {
            // It is being merged into another one, which the session leads to by now.
            Err(Error::NotFound(_)) => {}
            updated => {
                let updated = updated?;
                let labels = label::store::list_of_contact(tx, account, updated.id)?;
                return Ok(updated.to_record(labels));
            }
        }
    }
    Err(Error::NotFound("contact"))
}
