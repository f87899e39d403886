-- What an account has connected from the catalogue of integrations.
CREATE TABLE integration_hooks (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- The catalogue's name of the app: it stands in the program, not in a table.
    app TEXT NOT NULL,
    -- Of apps that work in one inbox.
    inbox_id BIGINT REFERENCES inboxes (id) ON DELETE CASCADE,
    is_enabled BOOLEAN NOT NULL,
    -- Keys of other systems among them.
    settings $JSON NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX integration_hooks_account ON integration_hooks (account_id, app, id);
CREATE INDEX integration_hooks_inbox ON integration_hooks (inbox_id);
