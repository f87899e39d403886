-- When somebody was last seen on a socket in an account (realtime.md §1.5).
CREATE TABLE user_presences (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id)
);

CREATE INDEX user_presences_user ON user_presences (user_id);

CREATE TABLE contact_presences (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    contact_id BIGINT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, contact_id)
);

CREATE INDEX contact_presences_contact ON contact_presences (contact_id);
CREATE INDEX contact_presences_seen ON contact_presences (account_id, seen_at);
