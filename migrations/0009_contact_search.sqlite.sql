-- Which contacts contain three letters in a row. The words are made by the server: the account's number, `x`, and
-- the letters' code points, so that one account never pays for another.
CREATE VIRTUAL TABLE contact_search USING fts5 (grams, content = '', contentless_delete = 1, detail = none);
