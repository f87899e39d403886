-- What accounts offer as labels. Conversations and contacts have tags, whose names need not be here.
CREATE TABLE labels (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- In lower case.
    title TEXT NOT NULL,
    description TEXT,
    color TEXT NOT NULL,
    show_on_sidebar BOOLEAN,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account_id, title)
);
