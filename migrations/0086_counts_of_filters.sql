-- With all that a count of a filter looks at, so that those of one status are counted without their rows.
DROP INDEX conversations_of_assignee;
CREATE INDEX conversations_of_assignee ON conversations
    (account_id, status, assignee_id, last_activity_at, id, contact_id, inbox_id);
