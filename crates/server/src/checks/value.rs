//! Values and bodies that no careful client sends.

use std::sync::LazyLock;

use super::field::{Field, Kind};

/// What an answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// 200, or a refusal in the contract's form.
    Anything,
    /// This status.
    Status(u16),
    /// 422 that names the field.
    Named,
    /// 200, or 422 that names the field, or a row that is not there.
    FineOrNamed,
}

/// Bad values for `field`, as JSON text.
pub fn values(field: &Field) -> Vec<(String, Expected)> {
    let mut values = values_of(field.kind);
    // A content type may be refused for what the content lacks.
    let expected = if field.name() == "content_type" { Expected::Anything } else { Expected::FineOrNamed };
    values.extend(too_large(field.name()).into_iter().map(|text| (text, expected)));
    values
}

fn values_of(kind: Kind) -> Vec<(String, Expected)> {
    use Expected::{Anything, FineOrNamed, Named, Status};
    let wrong = |kinds: &[Kind]| if kinds.contains(&kind) { Named } else { FineOrNamed };
    let long = |letters: usize| format!("\"{}\"", noise(letters));
    let mut values: Vec<(String, Expected)> = [
        ("null", FineOrNamed),
        ("[null]", Anything),
        ("true", wrong(&[Kind::Int, Kind::List, Kind::Object, Kind::Nested, Kind::Word])),
        ("7", wrong(&[Kind::Object, Kind::Nested, Kind::Word])),
        ("0", FineOrNamed),
        ("-1", FineOrNamed),
        ("1.5", wrong(&[Kind::Int, Kind::Object, Kind::Nested, Kind::Word])),
        ("1e300", wrong(&[Kind::Int, Kind::Object, Kind::Nested])),
        ("9223372036854775807", wrong(&[Kind::Object, Kind::Nested])),
        ("-9223372036854775808", wrong(&[Kind::Object, Kind::Nested])),
        ("9223372036854775808", wrong(&[Kind::Int, Kind::Object, Kind::Nested])),
        ("99999999999999999999999999", wrong(&[Kind::Int, Kind::Object, Kind::Nested])),
        ("\"9223372036854775808\"", wrong(&[Kind::Int, Kind::Object, Kind::Nested])),
        ("\"1e400\"", wrong(&[Kind::Int, Kind::Object, Kind::Nested])),
        ("\"no such word\"", wrong(&[Kind::Int, Kind::Object, Kind::Nested, Kind::Word])),
        ("\"\"", FineOrNamed),
        ("\" \\t \\n \"", FineOrNamed),
        ("[]", wrong(&[Kind::Text, Kind::Word, Kind::Int, Kind::Flag])),
        ("[[1]]", wrong(&[Kind::Text, Kind::Word, Kind::Int, Kind::Flag, Kind::List])),
        ("[{\"a\":1}]", wrong(&[Kind::Text, Kind::Word, Kind::Int, Kind::Flag, Kind::List])),
        ("{}", wrong(&[Kind::Text, Kind::Word, Kind::Int, Kind::Flag, Kind::List])),
        ("{\"a\":{\"b\":[1,null]}}", wrong(&[Kind::Text, Kind::Word, Kind::Int, Kind::Flag, Kind::List])),
        ("{\"referer\":7,\"items\":7,\"in_reply_to\":{},\"agent_reply_time_window\":[]}", Anything),
        ("{\"in_reply_to\":9223372036854775808,\"agent_reply_time_window\":1e300,\"referer\":null}", Anything),
        ("\"a\\u0000b\"", Named),
        ("[\"a\\u0000b\"]", Named),
        ("{\"ke\\u0000y\":1}", Named),
        ("{\"key\":[{\"ke\":\"\\u0000\"}]}", Named),
        ("\"{\\\"a\\\":\\\"\\\\u0000\\\"}\"", wrong(&[Kind::Int, Kind::Object, Kind::Nested, Kind::Word])),
        ("1e400", Status(400)),
        ("-1e999999999999", Status(400)),
        ("\"\\ud800\"", Status(400)),
        ("\"\\udc00\\ud800\"", Status(400)),
        ("\"\u{1}\"", Status(400)),
        ("{\"a\":1", Status(400)),
        ("tru", Status(400)),
        ("NaN", Status(400)),
        ("'a'", Status(400)),
        ("01", Status(400)),
    ]
    .map(|(text, expected)| (text.to_owned(), expected))
    .to_vec();
    values.push((format!("{}{}", "[".repeat(100), "]".repeat(100)), FineOrNamed));
    values.push((format!("{}{}", "[".repeat(200), "]".repeat(200)), Status(400)));
    values.push((format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000)), Status(400)));
    let text = format!("{}1{}", "{\\\"a\\\":".repeat(200), "}".repeat(200));
    values.push((format!("\"{text}\""), wrong(&[Kind::Int, Kind::Object, Kind::Nested, Kind::Word])));
    values.push((format!("[{}]", vec!["\"tag\""; 3_000].join(",")), FineOrNamed));
    values.extend([256, 3_000, 160_000].map(|letters| (long(letters), FineOrNamed)));
    values
}

/// Values that are right but for their size, for fields whose form matters.
fn too_large(name: &str) -> Vec<String> {
    match name {
        "email" | "support_email" => vec![
            format!("\"{}@sample.test\"", noise(5_000)),
            format!("\"ada@{}.test\"", noise(5_000)),
            format!("\"ada@{}test\"", "a.".repeat(2_000)),
        ],
        "phone_number" => vec![format!("\"+1{}\"", "0123456789".repeat(400))],
        "cc_emails" | "bcc_emails" | "to_emails" => vec![format!("\"{}\"", "ada@sample.test,".repeat(5_000))],
        "website_url" | "webhook_url" => {
            vec![format!("\"https://sample.test/{}\"", noise(5_000)), "\"http://[::1\"".into()]
        }
        "snoozed_until" => [
            "9999-12-31T23:59:59Z",
            "10000-01-01T00:00:00Z",
            "+275760-09-13T00:00:00Z",
            "-009999-01-01T00:00:00Z",
            "0000-00-00",
            "2026-02-30T00:00:00Z",
            "1767225600",
            "253402300800",
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551616",
        ]
        .map(|text| format!("\"{text}\""))
        .to_vec(),
        "labels" => vec![format!("[\"{}\"]", noise(5_000)), format!("\"{}\"", "a,".repeat(5_000))],
        "timezone" => vec!["\"../../etc/passwd\"".into(), "\"Etc/GMT+99\"".into(), "\"<+99>-99\"".into()],
        "sender_type" => vec!["\"AgentBot\"".into()],
        "content_type" => {
            ["cards", "form", "input_select", "article", "input_csat"].map(|word| format!("\"{word}\"")).to_vec()
        }
        "content_attributes" => vec![format!("{{\"items\":[{}7]}}", "{\"title\":\"a\"},".repeat(3_000))],
        _ => Vec::new(),
    }
}

/// Letters that cannot be compressed, so that their length is felt wherever they are kept.
static NOISE: LazyLock<String> = LazyLock::new(|| {
    let mut state: u32 = 7;
    let mut letter = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from_u32(0x100 + (state >> 20) % 0x300).unwrap()
    };
    (0..160_000).map(|_| letter()).collect()
});

/// So many letters of [`NOISE`], each of two bytes.
fn noise(letters: usize) -> &'static str {
    &NOISE[..2 * letters]
}

/// Bodies that are no object, or no JSON.
pub fn whole_bodies() -> Vec<(Vec<u8>, Expected)> {
    use Expected::{Anything, Status};
    let texts = [
        ("", Anything),
        ("{}", Anything),
        ("null", Anything),
        ("[]", Anything),
        ("[{\"name\":\"a\"}]", Anything),
        ("\"text\"", Status(422)),
        ("7", Status(422)),
        ("true", Status(422)),
        ("{", Status(400)),
        (" ", Status(400)),
        ("}", Status(400)),
        ("{\"name\":}", Status(400)),
        ("{\"name\":\"a\",}", Status(400)),
        ("{\"name\" \"a\"}", Status(400)),
        ("{name:\"a\"}", Status(400)),
        ("{\"name\":\"a\"} {}", Status(400)),
        ("{\"\\ud800\":1}", Status(400)),
        ("{\"name\":\"\\u12\"}", Status(400)),
        ("\u{feff}{}", Status(400)),
        ("\0", Status(400)),
        ("{\"nobody knows\":\"\\u0000\"}", Status(422)),
        ("{\"nobody\\u0000knows\":1}", Status(422)),
        ("{\"\\u0000\":1}", Status(422)),
        ("name=a&email=b", Status(400)),
    ];
    let mut bodies: Vec<_> = texts.map(|(text, expected)| (text.as_bytes().to_vec(), expected)).to_vec();
    bodies.push((b"{\"name\":\"\xff\"}".to_vec(), Status(400)));
    bodies.push((b"{\"name\":\"\xc3\x28\"}".to_vec(), Status(400)));
    bodies.push((b"{\"name\":\"\xed\xa0\x80\"}".to_vec(), Status(400)));
    bodies.push((b"\x1f\x8b\x08\x00".to_vec(), Status(400)));
    bodies.push((format!("{}{}", "[".repeat(200_000), "]".repeat(200_000)).into_bytes(), Status(400)));
    bodies.push((format!("{}1{}", "{\"a\":".repeat(90_000), "}".repeat(90_000)).into_bytes(), Status(400)));
    bodies
}
