-- A contact that was merged into another one: hidden, and on its way out. Until what it wrote has moved, the other one
-- is shown as the sender.
ALTER TABLE contacts ADD COLUMN merged_into_id BIGINT REFERENCES contacts (id) ON DELETE SET NULL;
CREATE INDEX contacts_merged_into ON contacts (merged_into_id) WHERE merged_into_id IS NOT NULL;
