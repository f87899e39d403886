//! Server-Sent Events, read as they come (HTML, server-sent events, §9.2.6). Lines end with a line feed here, as those of
//! the server do.

use anyhow::{Result, bail};

/// Largest block, in bytes.
const MAX_BLOCK: usize = 32 * 1024 * 1024;
/// What the comment before an event begins with, see the operation `followEvents`.
const WEBHOOK_ID: &str = " webhook-id: ";

/// One event, or a step of the client's place alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// The client's place from now on.
    pub id: Option<String>,
    /// The event's name.
    pub event: String,
    /// The body; `None`: nothing is told.
    pub data: Option<String>,
    /// Names what is told for receivers of webhooks.
    pub webhook_id: Option<String>,
}

/// Puts blocks together; what was cut in the middle of one is dropped with it.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    block: Block,
    size: usize,
}

impl Reader {
    /// The blocks that these bytes complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Block>> {
        let mut blocks = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.size += piece.len();
            if self.size > MAX_BLOCK {
                bail!("the server sent an event of more than {MAX_BLOCK} bytes");
            }
            let Some(end) = piece.strip_suffix(b"\n") else {
                self.line.extend_from_slice(piece);
                continue;
            };
            self.line.extend_from_slice(end);
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8_lossy(&line);
            if line.is_empty() {
                self.size = 0;
                blocks.push(std::mem::take(&mut self.block));
            } else {
                self.block.read(&line);
            }
        }
        Ok(blocks)
    }
}

impl Block {
    fn read(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let text = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "" => self.webhook_id = value.strip_prefix(WEBHOOK_ID).map(str::to_owned).or(self.webhook_id.take()),
            "id" => self.id = Some(text.to_owned()),
            "event" => text.clone_into(&mut self.event),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(text);
                }
                None => self.data = Some(text.to_owned()),
            },
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, Reader};

    #[test]
    fn blocks_are_the_same_however_they_are_cut() {
        let text = ": webhook-id: abc.1\nid: 41.0\nevent: message_created\ndata: {\"a\":\"ü: 1\"}\n\n:\n\nid: 42\n\n\
                    data:one\ndata: two\nretry: 5\nnothing\n\nid: 43\ndata: lost";
        let told = Block {
            id: Some("41.0".into()),
            event: "message_created".into(),
            data: Some("{\"a\":\"ü: 1\"}".into()),
            webhook_id: Some("abc.1".into()),
        };
        let step = Block { id: Some("42".into()), ..Block::default() };
        let lines = Block { data: Some("one\ntwo".into()), ..Block::default() };
        let expected = [told, Block::default(), step, lines];
        for size in 1..=text.len() {
            let mut reader = Reader::default();
            let blocks: Vec<Block> =
                text.as_bytes().chunks(size).flat_map(|chunk| reader.push(chunk).unwrap()).collect();
            assert_eq!(blocks, expected, "{size}");
        }
    }

    #[test]
    fn a_block_without_end_is_refused() {
        let mut reader = Reader::default();
        let part = vec![b'x'; 1024 * 1024];
        assert!((0..64).any(|_| reader.push(&part).is_err()));
    }
}
