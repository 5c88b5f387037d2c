-- Folders that the user makes, renames and removes; copies and uploads; what was decided when devices disagreed.

-- mailbox.gone: 2 = no longer on the server, and the user was told.
ALTER TABLE mailbox ADD COLUMN object_id TEXT NOT NULL DEFAULT '';  -- MAILBOXID as SELECT tells it (RFC 8474); '' = not told
ALTER TABLE mailbox ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;   -- 1 = removed by the user, whether the server knows or not
ALTER TABLE mailbox ADD COLUMN keep TEXT NOT NULL DEFAULT '';       -- headers | <n>d | all; '' = as the account

-- Kinds from now on, besides flag, move, delete: copy | append | create | rename | remove | subscribe | unsubscribe | empty.
-- Those about a mailbox have placement_id 0.
ALTER TABLE intent ADD COLUMN name BLOB NOT NULL DEFAULT x'';       -- rename: the new name as the server spells it
ALTER TABLE intent ADD COLUMN shown TEXT NOT NULL DEFAULT '';       -- rename: the old name as people read it
ALTER TABLE intent ADD COLUMN uid_validity INTEGER NOT NULL DEFAULT 0; -- empty: of which UIDs
ALTER TABLE intent ADD COLUMN uid_last INTEGER NOT NULL DEFAULT 0;  -- empty: up to which

-- Where what the user asked for was overtaken by another device or refused by the server, message by message.
CREATE TABLE decision (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id      INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    made            INTEGER NOT NULL,
    code            TEXT NOT NULL,              -- moved_elsewhere | gone_meanwhile | refused
    subject         TEXT NOT NULL DEFAULT '',   -- of the message
    place           TEXT NOT NULL DEFAULT '',   -- the mailbox it was in
    message_id      INTEGER NOT NULL,           -- may be gone by now
    kind            TEXT NOT NULL,              -- what the user had asked for: flag | move | copy | delete
    target_id       INTEGER NOT NULL DEFAULT 0,
    add_bits        INTEGER NOT NULL DEFAULT 0,
    add_keywords    TEXT NOT NULL DEFAULT '',
    remove_bits     INTEGER NOT NULL DEFAULT 0,
    remove_keywords TEXT NOT NULL DEFAULT '',
    settled         INTEGER NOT NULL DEFAULT 0  -- 1 = the user insisted, or has seen it
) STRICT;
CREATE INDEX decision_open ON decision (id) WHERE settled = 0;
CREATE INDEX decision_message ON decision (message_id) WHERE settled = 0;
