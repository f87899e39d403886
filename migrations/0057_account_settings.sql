-- What administrators chose for the account, by name.
ALTER TABLE accounts ADD COLUMN settings $JSON NOT NULL DEFAULT '{}';

-- When something of a kind last changed in an account: an epoch second, later with every change.
CREATE TABLE account_stamps (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    second BIGINT NOT NULL,
    PRIMARY KEY (account_id, name)
);
