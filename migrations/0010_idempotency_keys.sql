-- Answers to creations that carried an `Idempotency-Key`: the same key again gets the same answer.
CREATE TABLE idempotency_keys (
    -- Digest of who asks, and for which address.
    scope TEXT NOT NULL,
    client_key TEXT NOT NULL,
    -- Digest of what was asked for.
    request TEXT NOT NULL,
    answer $JSON NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, client_key)
);

CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
