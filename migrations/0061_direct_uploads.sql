-- Of files that were announced and come by themselves: the MD5 that was announced, in base64. Until the bytes are
-- there, `checksum` is empty and nothing may refer to the file.
ALTER TABLE files ADD COLUMN announced_md5 TEXT;
