-- With all that a report of a label or a team looks at, so that it counts without the rows: what a conversation has, by
-- kind and time, and the conversations of a team by time. They are also for the foreign keys' own look-ups.
DROP INDEX messages_conversation;
CREATE INDEX messages_conversation ON messages (conversation_id, message_type, created_at, inbox_id, account_id);
DROP INDEX reporting_events_conversation;
CREATE INDEX reporting_events_conversation ON reporting_events
    (conversation_id, name, created_at, value, value_in_business_hours, inbox_id, account_id);
DROP INDEX conversations_team;
CREATE INDEX conversations_team ON conversations (team_id, created_at, status, inbox_id, account_id, id)
    WHERE team_id IS NOT NULL;
