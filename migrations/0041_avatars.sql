ALTER TABLE users ADD COLUMN avatar_file_id BIGINT REFERENCES files (id) ON DELETE SET NULL;
ALTER TABLE contacts ADD COLUMN avatar_file_id BIGINT REFERENCES files (id) ON DELETE SET NULL;
ALTER TABLE inboxes ADD COLUMN avatar_file_id BIGINT REFERENCES files (id) ON DELETE SET NULL;
ALTER TABLE agent_bots ADD COLUMN avatar_file_id BIGINT REFERENCES files (id) ON DELETE SET NULL;

CREATE INDEX users_avatar ON users (avatar_file_id) WHERE avatar_file_id IS NOT NULL;
CREATE INDEX contacts_avatar ON contacts (avatar_file_id) WHERE avatar_file_id IS NOT NULL;
CREATE INDEX inboxes_avatar ON inboxes (avatar_file_id) WHERE avatar_file_id IS NOT NULL;
CREATE INDEX agent_bots_avatar ON agent_bots (avatar_file_id) WHERE avatar_file_id IS NOT NULL;
