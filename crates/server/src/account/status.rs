//! Whether the members of an account may use it.

use std::str::FromStr;

use serde::Serialize;
use types::{BadValue, FromValue, ToValue, UnknownName, Value, ValueRef};
use utoipa::ToSchema;

/// Whether the members of an account may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = account_status)]
pub enum Status {
    /// They may.
    Active,
    /// Every member is refused.
    Suspended,
}

impl Status {
    /// The name as it is stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

impl FromStr for Status {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text {
            "active" => Ok(Self::Active),
            "suspended" => Ok(Self::Suspended),
            _ => Err(UnknownName),
        }
    }
}

impl ToValue for Status {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

impl FromValue for Status {
    fn from_value(value: ValueRef<'_>) -> Result<Self, BadValue> {
        match value {
            ValueRef::Text(text) => text.parse().map_err(|_| BadValue::new("an account's status", text)),
            other => Err(BadValue::new("an account's status", other)),
        }
    }
}
