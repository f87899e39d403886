-- Who may do what only one process may do at a time. A new holder raises the epoch, so that the old one, which may not
-- know yet, changes nothing any more.
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Listeners of the event log that miss nothing.
CREATE TABLE event_listeners (
    name TEXT PRIMARY KEY,
    registered_at BIGINT NOT NULL
);

-- How far each has come in an account's log; without a row it has heard nothing of it.
CREATE TABLE event_cursors (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    listener TEXT NOT NULL REFERENCES event_listeners (name) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    PRIMARY KEY (account_id, listener)
);

CREATE INDEX event_cursors_listener ON event_cursors (listener);
