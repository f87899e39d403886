-- Sign-ins of users, at most a few for each. The client keeps the token; here is its digest.
CREATE TABLE user_sessions (
    id $ID,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What the client calls the session.
    client TEXT NOT NULL,
    -- The user's address when it signed in: it goes on naming the session after a change of address.
    uid TEXT NOT NULL,
    token_digest TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX user_sessions_client ON user_sessions (client);
CREATE INDEX user_sessions_user ON user_sessions (user_id, id);

-- Secrets in links that were mailed or handed out; here are their digests.
CREATE TABLE user_links (
    id $ID,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL CHECK (purpose IN ('sign_in', 'password', 'confirmation')),
    token_digest TEXT NOT NULL,
    -- The address that a confirmation is about.
    email TEXT,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    created_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX user_links_token ON user_links (token_digest);
CREATE INDEX user_links_user ON user_links (user_id, purpose);
