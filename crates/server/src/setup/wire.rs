//! The form of the set-up page.

use edge::Shape;
use edge::field::Text;
use serde::Deserialize;

/// What the page's address carries.
#[derive(Debug, Deserialize)]
pub struct SetupQuery {
    /// The link's secret.
    pub token: Option<Text>,
}

// Holds secrets: not to be printed.
/// What the page sends.
#[derive(Deserialize)]
pub struct SetupForm {
    /// The link's secret.
    pub token: Option<Text>,
    /// What the account is called.
    pub account_name: Option<Text>,
    /// The administrator's full name.
    pub name: Option<Text>,
    /// The administrator's address.
    pub email: Option<Text>,
    /// The administrator's password.
    pub password: Option<Text>,
    /// The same, from pages without a script.
    pub password_confirmation: Option<Text>,
}

impl Shape for SetupForm {}
