-- Rows that are older than the table of their values get them from a job.
INSERT INTO jobs (kind, unique_key, payload, run_at, attempts, max_attempts, state, created_at)
SELECT 'fill_values', 'all', '{"contact":0,"conversation":0}', 0, 0, 20, 'waiting', 0
WHERE EXISTS (SELECT 1 FROM contacts);
