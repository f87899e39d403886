-- Filters look for identifiers without case.
ALTER TABLE contacts ADD COLUMN folded_identifier TEXT;
UPDATE contacts SET folded_identifier = fold(identifier) WHERE identifier IS NOT NULL;
CREATE INDEX contacts_folded_identifier ON contacts (account_id, folded_identifier) WHERE folded_identifier IS NOT NULL;
