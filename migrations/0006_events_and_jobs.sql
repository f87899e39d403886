-- The last event number of an account; touched by the last statement of a transaction only.
CREATE TABLE account_counters (
    account_id BIGINT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    event_seq BIGINT NOT NULL
);

CREATE TABLE events (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    actor TEXT NOT NULL,
    -- The event that led to this one. Not a foreign key: the log is trimmed.
    cause TEXT,
    subject $JSON NOT NULL,
    changes $JSON NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, seq)
);

CREATE TABLE jobs (
    id $ID,
    kind TEXT NOT NULL,
    -- What the job is about; at most one job of a kind and key waits.
    unique_key TEXT NOT NULL,
    payload $JSON NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    locked_until BIGINT,
    last_error TEXT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'dead')),
    created_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX jobs_waiting ON jobs (kind, unique_key) WHERE state = 'waiting';
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE state = 'waiting';
CREATE INDEX jobs_leased ON jobs (locked_until, id) WHERE state = 'running';
CREATE INDEX jobs_dead ON jobs (id) WHERE state = 'dead';

-- What administrators and operators did; apart from the event log and never trimmed with it.
CREATE TABLE audit_log (
    id $ID,
    account_id BIGINT REFERENCES accounts (id) ON DELETE CASCADE,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject $JSON NOT NULL,
    changes $JSON NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX audit_log_account ON audit_log (account_id, id);

-- Times that reports are made of (semantics §7.1).
CREATE TABLE reporting_events (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- Seconds.
    value DOUBLE PRECISION NOT NULL,
    value_in_business_hours DOUBLE PRECISION NOT NULL,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    user_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    event_start_time BIGINT NOT NULL,
    event_end_time BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX reporting_events_of_account ON reporting_events (account_id, name, created_at);
CREATE INDEX reporting_events_inbox ON reporting_events (inbox_id);
CREATE INDEX reporting_events_user ON reporting_events (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX reporting_events_conversation ON reporting_events (conversation_id);
