-- The link that sets up the first account of an installation: one row at most, and none once it was used.
CREATE TABLE setup_link (
    id $ID,
    only_one BIGINT NOT NULL UNIQUE CHECK (only_one = 1),
    token_digest TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
