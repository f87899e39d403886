CREATE TABLE messages (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    message_type TEXT NOT NULL CHECK (message_type IN ('incoming', 'outgoing', 'activity', 'template')),
    content_type TEXT NOT NULL,
    content TEXT,
    content_attributes $JSON NOT NULL,
    private BOOLEAN NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('sent', 'delivered', 'read', 'failed')),
    source_id TEXT,
    -- At most one of the three: who sent it. Activity and template messages have none.
    user_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    contact_id BIGINT REFERENCES contacts (id) ON DELETE SET NULL,
    agent_bot_id BIGINT REFERENCES agent_bots (id) ON DELETE SET NULL,
    additional_attributes $JSON NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX messages_of_conversation ON messages (account_id, conversation_id, id);
CREATE INDEX messages_conversation ON messages (conversation_id);
CREATE INDEX messages_inbox ON messages (inbox_id);
CREATE INDEX messages_user ON messages (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX messages_contact ON messages (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX messages_agent_bot ON messages (agent_bot_id) WHERE agent_bot_id IS NOT NULL;

CREATE TABLE mentions (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    mentioned_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id, conversation_id)
);

CREATE INDEX mentions_user ON mentions (user_id);
CREATE INDEX mentions_conversation ON mentions (conversation_id);

CREATE TABLE conversation_participants (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id, conversation_id)
);

CREATE INDEX conversation_participants_user ON conversation_participants (user_id);
CREATE INDEX conversation_participants_conversation ON conversation_participants (conversation_id);
