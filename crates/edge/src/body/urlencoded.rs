//! Queries and urlencoded bodies.

use serde_json::{Map, Value};

use super::nested::Tree;
use crate::Error;

/// The parameters of `a=1&b[c]=2`; a name without `=` is null.
pub(super) fn read(bytes: &[u8]) -> Result<Map<String, Value>, Error> {
    let mut tree = Tree::default();
    for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = decoded(halves.next().unwrap_or_default())?;
        let value = halves.next().map(decoded).transpose()?;
        tree.insert(&name, value.map_or(Value::Null, Value::String))?;
    }
    Ok(tree.into_map())
}

fn decoded(text: &[u8]) -> Result<String, Error> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (Some(high), Some(low)) = (rest.next().and_then(hex), rest.next().and_then(hex)) else {
                    return Err(Error::Malformed("a percent sign without two hex digits".to_owned()));
                };
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| Error::Malformed("a parameter is not UTF-8".to_owned()))
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
