CREATE TABLE contacts (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT,
    email TEXT,
    phone_number TEXT,
    identifier TEXT,
    additional_attributes $JSON NOT NULL,
    custom_attributes $JSON NOT NULL,
    blocked BOOLEAN NOT NULL,
    last_activity_at BIGINT,
    -- Has an e-mail address, a phone number or an identifier: shown in lists (semantics §8.2).
    is_resolved BOOLEAN NOT NULL,
    -- Filled by the server from the columns and attributes above, for sorting and searching.
    sort_name TEXT,
    sort_company TEXT,
    sort_city TEXT,
    sort_country TEXT,
    search_text TEXT NOT NULL,
    deleting_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX contacts_email ON contacts (account_id, email) WHERE deleting_at IS NULL AND email IS NOT NULL;
CREATE UNIQUE INDEX contacts_phone_number ON contacts (account_id, phone_number)
    WHERE deleting_at IS NULL AND phone_number IS NOT NULL AND phone_number <> '';
CREATE UNIQUE INDEX contacts_identifier ON contacts (account_id, identifier)
    WHERE deleting_at IS NULL AND identifier IS NOT NULL;
CREATE INDEX contacts_listed ON contacts (account_id, id) WHERE is_resolved AND deleting_at IS NULL;
-- The databases do not agree on the place of nulls in an index, so that the two orders that clients use have none.
CREATE INDEX contacts_by_name ON contacts (account_id, (COALESCE(sort_name, '􏿿')), id)
    WHERE is_resolved AND deleting_at IS NULL;
CREATE INDEX contacts_by_activity ON contacts (account_id, (COALESCE(last_activity_at, -1)), id)
    WHERE is_resolved AND deleting_at IS NULL;
CREATE INDEX contacts_all ON contacts (account_id, id);

-- Contacts that lists count, one row an account.
CREATE TABLE contact_counters (
    account_id BIGINT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    resolved_count BIGINT NOT NULL
);

CREATE TABLE contact_inboxes (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    contact_id BIGINT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    source_id TEXT NOT NULL,
    hmac_verified BOOLEAN NOT NULL,
    pubsub_token TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (inbox_id, source_id)
);

CREATE INDEX contact_inboxes_contact ON contact_inboxes (account_id, contact_id, id);
CREATE INDEX contact_inboxes_contact_only ON contact_inboxes (contact_id);
CREATE INDEX contact_inboxes_source ON contact_inboxes (source_id);
