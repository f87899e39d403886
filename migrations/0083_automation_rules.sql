-- What is to happen by itself in an account.
CREATE TABLE automation_rules (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    event_name TEXT NOT NULL CHECK (event_name IN ('conversation_created', 'conversation_updated', 'message_created', 'conversation_opened', 'conversation_resolved')),
    active BOOLEAN NOT NULL,
    -- Lists of objects, as clients sent them.
    conditions $JSON NOT NULL,
    actions $JSON NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX automation_rules_account ON automation_rules (account_id, id);

-- Files that a rule sends; a rule and its copies have the same.
CREATE TABLE automation_rule_files (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    automation_rule_id BIGINT NOT NULL REFERENCES automation_rules (id) ON DELETE CASCADE,
    file_id BIGINT NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    UNIQUE (account_id, automation_rule_id, file_id)
);

CREATE INDEX automation_rule_files_rule ON automation_rule_files (automation_rule_id);
CREATE INDEX automation_rule_files_file ON automation_rule_files (file_id);
