-- Which contacts contain three letters in a row; the account leads, so that one account never pays for another.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE INDEX contacts_search ON contacts USING GIN (account_id, search_text gin_trgm_ops);
