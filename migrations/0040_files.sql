-- The bytes stand in the blob store under `key`; a row is written only after them.
CREATE TABLE files (
    id $ID,
    -- Null: the picture of a user, or of a bot of the whole installation.
    account_id BIGINT REFERENCES accounts (id) ON DELETE CASCADE,
    key TEXT NOT NULL UNIQUE,
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    -- SHA-256 in hex.
    checksum TEXT NOT NULL,
    -- Of pictures, in pixels.
    width BIGINT,
    height BIGINT,
    created_at BIGINT NOT NULL
);

CREATE INDEX files_account ON files (account_id, id);

CREATE TABLE attachments (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    file_id BIGINT NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    file_type TEXT NOT NULL CHECK (file_type IN ('image', 'audio', 'video', 'file')),
    extension TEXT,
    created_at BIGINT NOT NULL
);

CREATE INDEX attachments_of_message ON attachments (account_id, message_id, id);
CREATE INDEX attachments_message ON attachments (message_id);
CREATE INDEX attachments_file ON attachments (file_id);
