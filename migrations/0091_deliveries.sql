-- Who is told of an account's events by HTTP: a webhook, the webhook of an API inbox, an agent bot. Address and secret
-- stay with what they belong to.
CREATE TABLE webhook_endpoints (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('webhook', 'inbox', 'agent_bot')),
    -- The webhook, inbox or bot. When it is gone, its deliveries follow bit by bit.
    subject BIGINT NOT NULL,
    -- Null: what the installation has.
    timeout_seconds BIGINT,
    -- Deliveries on their way at the same time.
    concurrency BIGINT NOT NULL,
    -- Null: as many as there are.
    per_minute BIGINT,
    -- Failures since the last success, and since when there is nothing else.
    failures BIGINT NOT NULL DEFAULT 0,
    failing_since BIGINT,
    -- Until then nothing is sent; then one delivery tries whether it is worth it.
    open_until BIGINT,
    -- Until then nothing is sent because of per_minute.
    held_until BIGINT,
    -- Nothing is sent until somebody resumes.
    paused_at BIGINT,
    -- When there is something to send. Null: there is nothing.
    due_at BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (kind, subject, account_id)
);

CREATE INDEX webhook_endpoints_account ON webhook_endpoints (account_id);
CREATE INDEX webhook_endpoints_due ON webhook_endpoints (due_at) WHERE due_at IS NOT NULL;

-- An event for an endpoint. Its bytes never change.
CREATE TABLE webhook_deliveries (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    endpoint_id BIGINT NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    -- Names it for the receiver.
    uuid TEXT NOT NULL,
    -- The id of the event in the log; one of them may tell several things.
    event_key TEXT NOT NULL,
    part BIGINT NOT NULL,
    event TEXT NOT NULL,
    -- What is sent in order.
    lane TEXT NOT NULL,
    conversation_id BIGINT REFERENCES conversations (id) ON DELETE CASCADE,
    message_id BIGINT REFERENCES messages (id) ON DELETE CASCADE,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'succeeded', 'failed')),
    -- Since when it waits to be delivered, and how often it was tried since.
    queued_at BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    -- When it is tried. Null: it has ended, or waits for another one in its lane.
    next_at BIGINT,
    -- Others in its lane do not wait for it.
    out_of_order BOOLEAN NOT NULL DEFAULT FALSE,
    -- When people take over a conversation of whose bot nothing was heard.
    escalate_at BIGINT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    UNIQUE (endpoint_id, event_key, part)
);

CREATE INDEX webhook_deliveries_account ON webhook_deliveries (account_id, id);
CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_conversation ON webhook_deliveries (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX webhook_deliveries_message ON webhook_deliveries (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX webhook_deliveries_lane ON webhook_deliveries (endpoint_id, lane, id) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_next ON webhook_deliveries (endpoint_id, next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_deliveries_escalate ON webhook_deliveries (escalate_at) WHERE escalate_at IS NOT NULL;
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;

-- What came of sending a delivery.
CREATE TABLE webhook_attempts (
    id $ID,
    delivery_id BIGINT NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    attempted_at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    -- Null: there was no answer.
    status BIGINT,
    error TEXT,
    -- The beginning of the answer's body.
    answer TEXT NOT NULL
);

CREATE INDEX webhook_attempts_delivery ON webhook_attempts (delivery_id, id);
