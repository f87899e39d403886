-- A bot on its way out: hidden at once, while what it wrote loses its sender bit by bit.
ALTER TABLE agent_bots ADD COLUMN deleting_at BIGINT;
