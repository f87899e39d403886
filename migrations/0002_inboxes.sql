-- The transport of an inbox. What is unique or looked up has a column, the rest is in `settings`.
CREATE TABLE channels (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('Channel::WebWidget', 'Channel::Api', 'Channel::Email')),
    -- Names the inbox in the Public API.
    identifier TEXT UNIQUE,
    website_token TEXT UNIQUE,
    hmac_token TEXT UNIQUE,
    hmac_mandatory BOOLEAN NOT NULL,
    email TEXT UNIQUE,
    forward_to_email TEXT UNIQUE,
    settings $JSON NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX channels_account ON channels (account_id);

CREATE TABLE inboxes (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    channel_id BIGINT NOT NULL UNIQUE REFERENCES channels (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    email_address TEXT,
    greeting_enabled BOOLEAN NOT NULL,
    greeting_message TEXT,
    working_hours_enabled BOOLEAN NOT NULL,
    out_of_office_message TEXT,
    timezone TEXT NOT NULL,
    enable_email_collect BOOLEAN NOT NULL,
    csat_survey_enabled BOOLEAN NOT NULL,
    csat_config $JSON NOT NULL,
    enable_auto_assignment BOOLEAN NOT NULL,
    auto_assignment_config $JSON NOT NULL,
    allow_messages_after_resolved BOOLEAN NOT NULL,
    lock_to_single_conversation BOOLEAN NOT NULL,
    sender_name_type TEXT NOT NULL CHECK (sender_name_type IN ('friendly', 'professional')),
    business_name TEXT,
    deleting_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX inboxes_account ON inboxes (account_id, id);

CREATE TABLE working_hours (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    -- 0 is Sunday.
    day_of_week BIGINT NOT NULL CHECK (day_of_week BETWEEN 0 AND 6),
    closed_all_day BOOLEAN NOT NULL,
    open_all_day BOOLEAN NOT NULL,
    open_hour BIGINT,
    open_minutes BIGINT,
    close_hour BIGINT,
    close_minutes BIGINT,
    PRIMARY KEY (account_id, inbox_id, day_of_week)
);

CREATE INDEX working_hours_inbox ON working_hours (inbox_id);

-- `turn` is the member's place in the assignment queue: the smallest is next.
CREATE TABLE inbox_members (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    turn BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, inbox_id, user_id)
);

CREATE INDEX inbox_members_user ON inbox_members (user_id, account_id);
CREATE INDEX inbox_members_inbox ON inbox_members (inbox_id);

-- The last turn given in an inbox; locked while a member is picked.
CREATE TABLE assignment_queues (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    turn BIGINT NOT NULL,
    PRIMARY KEY (account_id, inbox_id)
);

CREATE INDEX assignment_queues_inbox ON assignment_queues (inbox_id);

CREATE TABLE agent_bot_inboxes (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    agent_bot_id BIGINT NOT NULL REFERENCES agent_bots (id) ON DELETE CASCADE,
    status TEXT NOT NULL CHECK (status IN ('active', 'inactive')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, inbox_id)
);

CREATE INDEX agent_bot_inboxes_agent_bot ON agent_bot_inboxes (agent_bot_id, account_id);
CREATE INDEX agent_bot_inboxes_inbox ON agent_bot_inboxes (inbox_id);
