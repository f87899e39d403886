-- Texts that members keep for answers, each found by its short code.
CREATE TABLE canned_responses (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    short_code TEXT NOT NULL,
    content TEXT NOT NULL,
    -- Both without case, for searches; filled by the server.
    folded_short_code TEXT NOT NULL,
    folded_content TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account_id, short_code)
);

CREATE INDEX canned_responses_account ON canned_responses (account_id, id);
