-- The address that a user wants and has not confirmed yet.
ALTER TABLE users ADD COLUMN unconfirmed_email TEXT;
