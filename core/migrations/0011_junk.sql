-- PERMANENTFLAGS as last told (RFC 9051 section 7.1), with blanks between; '' = not known.
ALTER TABLE mailbox ADD COLUMN permanent TEXT NOT NULL DEFAULT '';
