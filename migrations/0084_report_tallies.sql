-- Figures of reports, kept in the transaction that changes them: of the account, each inbox and each agent, by quarters
-- of an hour (every time zone is whole quarters from UTC) and by days in UTC.
CREATE TABLE report_tallies (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    scope TEXT NOT NULL CHECK (scope IN ('account', 'agent', 'inbox')),
    -- The agent's or the inbox's id; 0 of the account.
    subject BIGINT NOT NULL,
    span TEXT NOT NULL CHECK (span IN ('day', 'quarter')),
    starts_at BIGINT NOT NULL,
    -- Conversations that were made then, and those of them that are resolved now; of an agent those it has now.
    conversations BIGINT NOT NULL,
    resolutions BIGINT NOT NULL,
    incoming BIGINT NOT NULL,
    outgoing BIGINT NOT NULL,
    -- How many were measured then, their microseconds, and those of them within opening hours.
    first_responses BIGINT NOT NULL,
    first_response_time BIGINT NOT NULL,
    first_response_open_time BIGINT NOT NULL,
    resolved BIGINT NOT NULL,
    resolution_time BIGINT NOT NULL,
    resolution_open_time BIGINT NOT NULL,
    replies BIGINT NOT NULL,
    reply_time BIGINT NOT NULL,
    reply_open_time BIGINT NOT NULL,
    PRIMARY KEY (account_id, scope, subject, span, starts_at)
);

-- What lies between a bound of a report and the next whole quarter is counted row by row.
CREATE INDEX conversations_by_creation ON conversations (account_id, created_at);
CREATE INDEX messages_by_creation ON messages (account_id, created_at);

INSERT INTO report_tallies (account_id, scope, subject, span, starts_at, conversations, resolutions, incoming, outgoing,
    first_responses, first_response_time, first_response_open_time, resolved, resolution_time, resolution_open_time,
    replies, reply_time, reply_open_time)
SELECT r.account_id, s.column1, CASE s.column1 WHEN 'agent' THEN r.agent WHEN 'inbox' THEN r.inbox_id ELSE 0 END,
    'quarter', r.created_at / 900000000 * 900000000, SUM(r.conversations), SUM(r.resolutions), SUM(r.incoming),
    SUM(r.outgoing), SUM(r.first_responses), SUM(r.first_responses * r.micros),
    SUM(r.first_responses * r.open_micros), SUM(r.resolved), SUM(r.resolved * r.micros),
    SUM(r.resolved * r.open_micros), SUM(r.replies), SUM(r.replies * r.micros), SUM(r.replies * r.open_micros)
FROM (
    SELECT c.account_id, c.inbox_id, c.assignee_id AS agent, c.created_at, 1 AS conversations,
        CASE WHEN c.status = 'resolved' THEN 1 ELSE 0 END AS resolutions, 0 AS incoming, 0 AS outgoing,
        0 AS first_responses, 0 AS resolved, 0 AS replies, CAST(0 AS BIGINT) AS micros, CAST(0 AS BIGINT) AS open_micros
    FROM conversations c
    UNION ALL
    SELECT m.account_id, m.inbox_id, m.user_id, m.created_at, 0, 0,
        CASE WHEN m.message_type = 'incoming' THEN 1 ELSE 0 END, CASE WHEN m.message_type = 'outgoing' THEN 1 ELSE 0 END,
        0, 0, 0, 0, 0
    FROM messages m WHERE m.message_type IN ('incoming', 'outgoing')
    UNION ALL
    SELECT e.account_id, e.inbox_id, e.user_id, e.created_at, 0, 0, 0, 0,
        CASE WHEN e.name = 'first_response' THEN 1 ELSE 0 END,
        CASE WHEN e.name = 'conversation_resolved' THEN 1 ELSE 0 END,
        CASE WHEN e.name = 'reply_time' THEN 1 ELSE 0 END,
        CAST(ROUND(e.value * 1000000) AS BIGINT), CAST(ROUND(e.value_in_business_hours * 1000000) AS BIGINT)
    FROM reporting_events e WHERE e.name IN ('first_response', 'conversation_resolved', 'reply_time')
) r
CROSS JOIN (VALUES ('account'), ('agent'), ('inbox')) s
WHERE s.column1 <> 'agent' OR r.agent IS NOT NULL
GROUP BY 1, 2, 3, 4, 5;

INSERT INTO report_tallies (account_id, scope, subject, span, starts_at, conversations, resolutions, incoming, outgoing,
    first_responses, first_response_time, first_response_open_time, resolved, resolution_time, resolution_open_time,
    replies, reply_time, reply_open_time)
SELECT q.account_id, q.scope, q.subject, 'day', q.starts_at / 86400000000 * 86400000000, SUM(q.conversations),
    SUM(q.resolutions), SUM(q.incoming), SUM(q.outgoing), SUM(q.first_responses), SUM(q.first_response_time),
    SUM(q.first_response_open_time), SUM(q.resolved), SUM(q.resolution_time), SUM(q.resolution_open_time),
    SUM(q.replies), SUM(q.reply_time), SUM(q.reply_open_time)
FROM report_tallies q
GROUP BY 1, 2, 3, 4, 5;
