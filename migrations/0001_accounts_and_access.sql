CREATE TABLE accounts (
    id $ID,
    name TEXT NOT NULL,
    locale TEXT NOT NULL,
    domain TEXT,
    support_email TEXT,
    settings_flags BIGINT NOT NULL,
    feature_flags BIGINT NOT NULL,
    auto_resolve_duration BIGINT,
    limits $JSON NOT NULL,
    custom_attributes $JSON NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
    deleting_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE users (
    id $ID,
    name TEXT NOT NULL,
    display_name TEXT,
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    confirmed_at BIGINT,
    pubsub_token TEXT NOT NULL,
    message_signature TEXT,
    ui_settings $JSON NOT NULL,
    custom_attributes $JSON NOT NULL,
    deleting_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- The e-mail is stored in lower case; a user that is being deleted frees it.
CREATE UNIQUE INDEX users_email ON users (email) WHERE deleting_at IS NULL;
CREATE UNIQUE INDEX users_pubsub_token ON users (pubsub_token);

CREATE TABLE account_users (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('agent', 'administrator')),
    inviter_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    availability TEXT NOT NULL CHECK (availability IN ('online', 'offline', 'busy')),
    auto_offline BOOLEAN NOT NULL,
    active_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account_id, user_id)
);

CREATE INDEX account_users_user ON account_users (user_id, account_id);
CREATE INDEX account_users_inviter ON account_users (inviter_id) WHERE inviter_id IS NOT NULL;

CREATE TABLE agent_bots (
    id $ID,
    account_id BIGINT REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT,
    description TEXT,
    outgoing_url TEXT,
    bot_type TEXT NOT NULL CHECK (bot_type IN ('webhook', 'csml')),
    bot_config $JSON NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX agent_bots_account ON agent_bots (account_id);

CREATE TABLE platform_apps (
    id $ID,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- What a platform app may touch: exactly one of the three.
CREATE TABLE platform_app_grants (
    id $ID,
    platform_app_id BIGINT NOT NULL REFERENCES platform_apps (id) ON DELETE CASCADE,
    account_id BIGINT REFERENCES accounts (id) ON DELETE CASCADE,
    user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    agent_bot_id BIGINT REFERENCES agent_bots (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    CHECK ((account_id IS NOT NULL AND user_id IS NULL AND agent_bot_id IS NULL)
        OR (account_id IS NULL AND user_id IS NOT NULL AND agent_bot_id IS NULL)
        OR (account_id IS NULL AND user_id IS NULL AND agent_bot_id IS NOT NULL))
);

CREATE UNIQUE INDEX platform_app_grants_account ON platform_app_grants (account_id, platform_app_id)
    WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX platform_app_grants_user ON platform_app_grants (user_id, platform_app_id)
    WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX platform_app_grants_agent_bot ON platform_app_grants (agent_bot_id, platform_app_id)
    WHERE agent_bot_id IS NOT NULL;

-- One API key for each user, bot and platform app. The contract shows these keys again, so they are kept as text.
CREATE TABLE access_tokens (
    id $ID,
    token TEXT NOT NULL UNIQUE,
    user_id BIGINT UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    agent_bot_id BIGINT UNIQUE REFERENCES agent_bots (id) ON DELETE CASCADE,
    platform_app_id BIGINT UNIQUE REFERENCES platform_apps (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    CHECK ((user_id IS NOT NULL AND agent_bot_id IS NULL AND platform_app_id IS NULL)
        OR (user_id IS NULL AND agent_bot_id IS NOT NULL AND platform_app_id IS NULL)
        OR (user_id IS NULL AND agent_bot_id IS NULL AND platform_app_id IS NOT NULL))
);

-- Bits as the notification types of the contract have them (semantics §1.6).
CREATE TABLE notification_settings (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email_flags BIGINT NOT NULL,
    push_flags BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id)
);

CREATE INDEX notification_settings_user ON notification_settings (user_id);
