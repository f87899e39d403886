CREATE TABLE teams (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    allow_auto_assign BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account_id, name)
);

CREATE TABLE team_members (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    team_id BIGINT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, team_id, user_id)
);

CREATE INDEX team_members_user ON team_members (user_id, account_id);
CREATE INDEX team_members_team ON team_members (team_id);

CREATE TABLE conversations (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- The number that clients see: 1, 2, 3 … in every account.
    display_id BIGINT NOT NULL,
    uuid TEXT NOT NULL UNIQUE,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    contact_id BIGINT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    contact_inbox_id BIGINT NOT NULL REFERENCES contact_inboxes (id) ON DELETE CASCADE,
    assignee_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    team_id BIGINT REFERENCES teams (id) ON DELETE SET NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'resolved', 'pending', 'snoozed')),
    priority TEXT CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    muted BOOLEAN NOT NULL,
    additional_attributes $JSON NOT NULL,
    custom_attributes $JSON NOT NULL,
    snoozed_until BIGINT,
    waiting_since BIGINT,
    first_reply_created_at BIGINT,
    agent_last_seen_at BIGINT,
    assignee_last_seen_at BIGINT,
    contact_last_seen_at BIGINT,
    -- Messages of the contact since `agent_last_seen_at`.
    unread_count BIGINT NOT NULL,
    last_activity_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account_id, display_id)
);

CREATE INDEX conversations_listed ON conversations (account_id, status, last_activity_at, id);
CREATE INDEX conversations_of_assignee ON conversations (account_id, status, assignee_id, last_activity_at, id);
CREATE INDEX conversations_of_inbox ON conversations (account_id, inbox_id, status, last_activity_at, id);
CREATE INDEX conversations_of_team ON conversations (account_id, team_id, status, last_activity_at, id) WHERE team_id IS NOT NULL;
CREATE INDEX conversations_of_contact ON conversations (account_id, contact_id, id);
CREATE INDEX conversations_of_contact_inbox ON conversations (contact_inbox_id, id);
CREATE INDEX conversations_by_activity ON conversations (account_id, last_activity_at, id);
-- For the foreign keys' own look-ups; the first also lists an agent's conversations of all states.
CREATE INDEX conversations_assignee ON conversations (assignee_id, account_id, last_activity_at, id)
    WHERE assignee_id IS NOT NULL;
CREATE INDEX conversations_team ON conversations (team_id) WHERE team_id IS NOT NULL;
CREATE INDEX conversations_inbox ON conversations (inbox_id);
CREATE INDEX conversations_contact ON conversations (contact_id);

-- The last number given in an account; locked from the creation of a conversation to its commit.
CREATE TABLE conversation_numbers (
    account_id BIGINT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    last_number BIGINT NOT NULL
);

-- Exact counts for lists: `bucket` 'all' counts every conversation of the inbox and status, 'unassigned' those
-- without assignee, any other bucket is the assignee's id.
CREATE TABLE conversation_counters (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    bucket TEXT NOT NULL,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    conversation_count BIGINT NOT NULL,
    PRIMARY KEY (account_id, status, bucket, inbox_id)
);

CREATE INDEX conversation_counters_inbox ON conversation_counters (inbox_id);

-- Label names, once an account whatever the case; the first spelling is kept.
CREATE TABLE tags (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    UNIQUE (account_id, folded_name)
);

CREATE TABLE conversation_tags (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    tag_id BIGINT NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, conversation_id, tag_id)
);

CREATE INDEX conversation_tags_of_tag ON conversation_tags (account_id, tag_id, conversation_id);
CREATE INDEX conversation_tags_conversation ON conversation_tags (conversation_id);
CREATE INDEX conversation_tags_tag ON conversation_tags (tag_id);

CREATE TABLE contact_tags (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    contact_id BIGINT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    tag_id BIGINT NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, contact_id, tag_id)
);

CREATE INDEX contact_tags_of_tag ON contact_tags (account_id, tag_id, contact_id);
CREATE INDEX contact_tags_contact ON contact_tags (contact_id);
CREATE INDEX contact_tags_tag ON contact_tags (tag_id);
