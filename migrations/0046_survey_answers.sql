-- What contacts answered to the surveys that they were sent: one answer for each survey.

CREATE TABLE csat_survey_responses (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message_id BIGINT NOT NULL UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
    contact_id BIGINT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    -- The assignee at the time of the first answer.
    assigned_agent_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    rating BIGINT NOT NULL CHECK (rating BETWEEN 1 AND 5),
    feedback_message TEXT,
    csat_review_notes TEXT,
    review_notes_updated_at BIGINT,
    review_notes_updated_by_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX csat_survey_responses_account ON csat_survey_responses (account_id, created_at, id);
CREATE INDEX csat_survey_responses_conversation ON csat_survey_responses (conversation_id);
CREATE INDEX csat_survey_responses_contact ON csat_survey_responses (contact_id);
CREATE INDEX csat_survey_responses_agent ON csat_survey_responses (assigned_agent_id);
CREATE INDEX csat_survey_responses_reviewer ON csat_survey_responses (review_notes_updated_by_id);
