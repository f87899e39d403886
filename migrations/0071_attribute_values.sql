-- The attributes of conversations and contacts, one row for each, typed for filters. The objects beside them are what
-- answers show; the server writes both in one transaction.
CREATE TABLE conversation_values (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    bag TEXT NOT NULL CHECK (bag IN ('custom', 'additional')),
    key TEXT NOT NULL,
    -- Without case; its first letters are in an index.
    folded TEXT NOT NULL,
    beginning TEXT NOT NULL,
    number DOUBLE PRECISION,
    -- Days since 1970-01-01.
    day BIGINT,
    PRIMARY KEY (account_id, conversation_id, bag, key)
);

CREATE INDEX conversation_values_text ON conversation_values (account_id, bag, key, beginning);
CREATE INDEX conversation_values_number ON conversation_values (account_id, bag, key, number) WHERE number IS NOT NULL;
CREATE INDEX conversation_values_day ON conversation_values (account_id, bag, key, day) WHERE day IS NOT NULL;

CREATE TABLE contact_values (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    contact_id BIGINT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    bag TEXT NOT NULL CHECK (bag IN ('custom', 'additional')),
    key TEXT NOT NULL,
    -- Without case; its first letters are in an index.
    folded TEXT NOT NULL,
    beginning TEXT NOT NULL,
    number DOUBLE PRECISION,
    -- Days since 1970-01-01.
    day BIGINT,
    PRIMARY KEY (account_id, contact_id, bag, key)
);

CREATE INDEX contact_values_text ON contact_values (account_id, bag, key, beginning);
CREATE INDEX contact_values_number ON contact_values (account_id, bag, key, number) WHERE number IS NOT NULL;
CREATE INDEX contact_values_day ON contact_values (account_id, bag, key, day) WHERE day IS NOT NULL;
