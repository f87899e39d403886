//! Forms of a picture: made when they are first asked for, kept as blobs.

use std::fmt;
use std::str::FromStr;

/// A form of a picture. The list is closed: nobody can have others made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Exactly 250 by 250 pixels, cut to fit: pictures of people, bots and inboxes (rest.md §1.11).
    Avatar,
    /// At most 250 by 250 pixels, whole: previews of attachments.
    Preview,
}

impl Variant {
    /// Its name in addresses and blobs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Avatar => "avatar",
            Self::Preview => "preview",
        }
    }
}

impl FromStr for Variant {
    type Err = types::UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Avatar, Self::Preview].into_iter().find(|variant| variant.as_str() == text).ok_or(types::UnknownName)
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The most pixels of a picture that forms are made of.
const MOST_PIXELS: i64 = 50_000_000;

/// Whether forms of a file can be made: a picture of a kind that we decode, of a known and reasonable size.
pub fn can_be_made(content_type: &str, width: Option<i64>, height: Option<i64>) -> bool {
    let is_decoded = matches!(content_type, "image/jpeg" | "image/png" | "image/gif" | "image/webp");
    let pixels = width.zip(height).map(|(width, height)| width.saturating_mul(height));
    is_decoded && pixels.is_some_and(|pixels| (1..=MOST_PIXELS).contains(&pixels))
}
