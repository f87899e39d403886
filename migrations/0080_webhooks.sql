-- Where an account wants to be told of what happens in it, or in one of its inboxes.
CREATE TABLE webhooks (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- Null: all inboxes.
    inbox_id BIGINT REFERENCES inboxes (id) ON DELETE CASCADE,
    name TEXT,
    url TEXT NOT NULL,
    -- SHA-256 of the address in hex: an address is longer than an index takes.
    url_digest TEXT NOT NULL,
    -- Names of what it hears of.
    subscriptions $JSON NOT NULL,
    -- Signs what is sent.
    secret TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account_id, url_digest)
);

CREATE INDEX webhooks_account ON webhooks (account_id, id);
CREATE INDEX webhooks_inbox ON webhooks (inbox_id);
