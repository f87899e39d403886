-- What signs deliveries can be changed: the secret before stays good until a moment, so that receivers can follow.
ALTER TABLE webhooks ADD COLUMN previous_secret TEXT;
ALTER TABLE webhooks ADD COLUMN previous_secret_until BIGINT;

-- An API channel's own secret is among its settings.
ALTER TABLE channels ADD COLUMN previous_secret TEXT;
ALTER TABLE channels ADD COLUMN previous_secret_until BIGINT;

-- Bots get a secret like webhooks; those that are there already a random one. Empty: nothing is signed.
ALTER TABLE agent_bots ADD COLUMN secret TEXT NOT NULL DEFAULT '';
ALTER TABLE agent_bots ADD COLUMN previous_secret TEXT;
ALTER TABLE agent_bots ADD COLUMN previous_secret_until BIGINT;
UPDATE agent_bots SET secret = replace(CAST(gen_random_uuid() AS TEXT), '-', '');
