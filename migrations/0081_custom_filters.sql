-- Searches that a member keeps for itself.
CREATE TABLE custom_filters (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    filter_type TEXT NOT NULL CHECK (filter_type IN ('conversation', 'contact', 'report')),
    -- An object; what stands in it is the client's.
    query $JSON NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX custom_filters_member ON custom_filters (account_id, user_id, filter_type, id);
CREATE INDEX custom_filters_user ON custom_filters (user_id);
