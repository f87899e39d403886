//! Signing in and out as the wire has it (superset §1, rest.md §8.1).

use edge::Session;
use edge::field::Text;
use serde::{Deserialize, Serialize};
use types::Timestamp;
use utoipa::{IntoParams, ToSchema};

use crate::user::normal_email;
use crate::user::wire::ProfileJson;

// Holds a password: not to be printed.
/// A sign-in: an address with a password, or with what a sign-in link carries.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[schema(as = sign_in)]
pub struct SignInBody {
    /// E-mail address, in any case.
    pub email: Option<Text>,
    /// Password.
    pub password: Option<Text>,
    /// What a sign-in link carries; empty counts as absent.
    pub sso_auth_token: Option<Text>,
}

impl edge::Shape for SignInBody {}

/// Who has signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = signed_in)]
pub struct SignedInJson {
    /// The user.
    pub data: ProfileJson,
}

/// Whose session it is.
#[derive(Serialize, ToSchema)]
#[schema(as = valid_session)]
pub struct ValidJson {
    /// The session's user.
    pub payload: ValidPayloadJson,
}

/// Whose session it is.
#[derive(Serialize, ToSchema)]
#[schema(as = valid_session_payload)]
pub struct ValidPayloadJson {
    /// Always true.
    pub success: bool,
    /// The user.
    pub data: DatedProfileJson,
}

/// A user, with the time when it was made.
#[derive(Serialize, ToSchema)]
#[schema(as = dated_user)]
pub struct DatedProfileJson {
    /// The user.
    #[serde(flatten)]
    pub profile: ProfileJson,
    /// ISO text.
    pub created_at: Timestamp,
}

/// A session in the query, for clients that send no headers.
#[derive(Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SessionQuery {
    /// The user's address.
    #[param(value_type = Option<String>)]
    pub uid: Option<Text>,
    /// What the client calls the session.
    #[param(value_type = Option<String>)]
    pub client: Option<Text>,
    /// The secret.
    #[serde(rename = "access-token")]
    #[param(value_type = Option<String>)]
    pub access_token: Option<Text>,
}

impl SessionQuery {
    /// The session that the query names.
    pub fn into_session(self) -> Session {
        let text = |field: Option<Text>| field.map(String::from).unwrap_or_default();
        Session { token: text(self.access_token), client: text(self.client), uid: text(self.uid) }
    }
}

/// It worked.
#[derive(Serialize, ToSchema)]
#[schema(as = success)]
pub struct SuccessJson {
    /// Always true.
    pub success: bool,
}

/// What to tell the person.
#[derive(Serialize, ToSchema)]
#[schema(as = told)]
pub struct MessageJson {
    /// A sentence for a person.
    pub message: &'static str,
}

/// Whose mail is to be sent again.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = email_address)]
pub struct EmailBody {
    /// E-mail address, in any case.
    pub email: Option<Text>,
}

impl edge::Shape for EmailBody {}

impl EmailBody {
    /// The address as it is stored, or nothing.
    pub fn normal(&self) -> String {
        normal_email(self.email.as_ref().map_or("", |email| email.as_str()))
    }
}

// Holds a password: not to be printed.
/// Another password, by a link from a mail.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[schema(as = password_reset)]
pub struct ResetBody {
    /// What the link carries.
    pub reset_password_token: Option<Text>,
    /// The new password.
    pub password: Option<Text>,
    /// The same again.
    pub password_confirmation: Option<Text>,
}

impl edge::Shape for ResetBody {}

/// A confirmation, by a link from a mail.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[schema(as = confirmation)]
pub struct ConfirmationBody {
    /// What the link carries.
    pub confirmation_token: Option<Text>,
}

impl edge::Shape for ConfirmationBody {}
