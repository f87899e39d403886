-- Texts that are sorted compare by bytes, as they do on SQLite.
ALTER TABLE contacts
    ALTER COLUMN email TYPE TEXT COLLATE "C",
    ALTER COLUMN phone_number TYPE TEXT COLLATE "C",
    ALTER COLUMN sort_name TYPE TEXT COLLATE "C",
    ALTER COLUMN sort_company TYPE TEXT COLLATE "C",
    ALTER COLUMN sort_city TYPE TEXT COLLATE "C",
    ALTER COLUMN sort_country TYPE TEXT COLLATE "C",
    ALTER COLUMN search_text TYPE TEXT COLLATE "C";

-- Folds case beyond ASCII; SQLite has the same function from the server.
CREATE FUNCTION fold(content TEXT) RETURNS TEXT LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE
    RETURN lower(content COLLATE "und-x-icu");
