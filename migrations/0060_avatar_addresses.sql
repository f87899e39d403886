-- The address that was last given for a picture; null when a picture came otherwise since, or none was given.
ALTER TABLE contacts ADD COLUMN avatar_url TEXT;
-- Whether its picture is still to be fetched.
ALTER TABLE contacts ADD COLUMN avatar_is_wanted BOOLEAN NOT NULL DEFAULT FALSE;
-- When it was to be fetched last.
ALTER TABLE contacts ADD COLUMN avatar_due_at BIGINT;
ALTER TABLE agent_bots ADD COLUMN avatar_url TEXT;
ALTER TABLE agent_bots ADD COLUMN avatar_is_wanted BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE agent_bots ADD COLUMN avatar_due_at BIGINT;
