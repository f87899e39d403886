-- A day may be open several times, such as from 9 to 12 and from 13 to 17: each time is a row of its own.

CREATE TABLE working_slots (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    inbox_id BIGINT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    -- 0 is Sunday.
    day_of_week BIGINT NOT NULL CHECK (day_of_week BETWEEN 0 AND 6),
    -- 0, 1, 2 … by the time at which it opens.
    slot BIGINT NOT NULL,
    closed_all_day BOOLEAN NOT NULL,
    open_all_day BOOLEAN NOT NULL,
    open_hour BIGINT,
    open_minutes BIGINT,
    close_hour BIGINT,
    close_minutes BIGINT,
    PRIMARY KEY (account_id, inbox_id, day_of_week, slot)
);

INSERT INTO working_slots (account_id, inbox_id, day_of_week, slot, closed_all_day, open_all_day, open_hour,
    open_minutes, close_hour, close_minutes)
SELECT account_id, inbox_id, day_of_week, 0, closed_all_day, open_all_day, open_hour, open_minutes, close_hour,
    close_minutes
FROM working_hours;

DROP TABLE working_hours;

ALTER TABLE working_slots RENAME TO working_hours;

CREATE INDEX working_hours_inbox ON working_hours (inbox_id);
