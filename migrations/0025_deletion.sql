-- What is on its way out: looked up by every list, and nearly always nothing.
CREATE INDEX accounts_deleting ON accounts (id) WHERE deleting_at IS NOT NULL;
CREATE INDEX users_deleting ON users (id) WHERE deleting_at IS NOT NULL;
CREATE INDEX inboxes_deleting ON inboxes (account_id, id) WHERE deleting_at IS NOT NULL;
CREATE INDEX contacts_deleting ON contacts (account_id, id) WHERE deleting_at IS NOT NULL;

-- Counts the conversations of a contact by what counters count, without their rows.
DROP INDEX conversations_of_contact;
CREATE INDEX conversations_of_contact ON conversations (account_id, contact_id, inbox_id, status, assignee_id, id);

-- Set with the deletion of an account: its log takes no event any more, so that whatever would have caused one fails.
ALTER TABLE account_counters ADD COLUMN is_closed BOOLEAN NOT NULL DEFAULT FALSE;
