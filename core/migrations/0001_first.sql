-- The first schema. Never edited once landed: what changes comes in a file of its own.
--
-- Two kinds of rows live here. What the server can give back: mailbox, message, placement, body. What it cannot, the
-- user's truth: account, action, intent, notice. A salvage keeps the second kind at all costs.
-- Times are seconds since 1970, UTC. Flags are bits: 1 \Seen, 2 \Answered, 4 \Flagged, 8 \Deleted, 16 \Draft.

CREATE TABLE account (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    address          TEXT NOT NULL UNIQUE,
    name             TEXT NOT NULL DEFAULT '',
    user             TEXT NOT NULL,
    imap_host        TEXT NOT NULL,
    imap_port        INTEGER NOT NULL,
    imap_tls         TEXT NOT NULL,               -- implicit | starttls | none
    ca_file          TEXT NOT NULL DEFAULT '',    -- PEM file with roots of the user's own
    password_command TEXT NOT NULL DEFAULT '',    -- prints the password; '' = it is sealed below, or asked for
    sealed_password  BLOB NOT NULL DEFAULT x'',   -- sealed with the master key of the OS secret store
    keep             TEXT NOT NULL DEFAULT '30d', -- headers | <n>d | all
    created          INTEGER NOT NULL
) STRICT;

CREATE TABLE mailbox (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    raw           BLOB NOT NULL,                -- the name as the server sends it; what we send back
    name          TEXT NOT NULL,                -- the name as people read it, with the server's delimiter
    delimiter     TEXT NOT NULL DEFAULT '',     -- '' = flat
    role          TEXT NOT NULL DEFAULT '',     -- inbox, drafts, sent …; '' = none
    selectable    INTEGER NOT NULL DEFAULT 1,
    subscribed    INTEGER NOT NULL DEFAULT 1,
    gone          INTEGER NOT NULL DEFAULT 0,   -- 1 = no longer on the server; what is here stays here
    uid_validity  INTEGER NOT NULL DEFAULT 0,   -- 0 = never opened
    uid_next      INTEGER NOT NULL DEFAULT 0,   -- every UID below is here, or in todo, or gone
    modseq        INTEGER NOT NULL DEFAULT 0,   -- HIGHESTMODSEQ up to which flags and removals are applied; 0 = unknown
    todo          TEXT NOT NULL DEFAULT '',     -- UIDs on the server whose header is not here yet (uid-set)
    server_total  INTEGER NOT NULL DEFAULT 0,   -- MESSAGES as last told
    server_unread INTEGER NOT NULL DEFAULT 0,   -- UNSEEN as last told
    checked       INTEGER NOT NULL DEFAULT 0,   -- when it was last known to be in step
    total         INTEGER NOT NULL DEFAULT 0,   -- visible placements, kept by the triggers below
    unread        INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account_id, raw)
) STRICT;

-- Content, once, whatever mailboxes hold it.
CREATE TABLE message (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id      INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    identity        BLOB NOT NULL,              -- see store/message.rs
    message_id      TEXT NOT NULL DEFAULT '',
    message_refs    TEXT NOT NULL DEFAULT '',
    subject         TEXT NOT NULL DEFAULT '',
    from_name       TEXT NOT NULL DEFAULT '',
    from_address    TEXT NOT NULL DEFAULT '',
    recipients      TEXT NOT NULL DEFAULT '[]', -- JSON: [{name, address}]
    list_id         TEXT NOT NULL DEFAULT '',
    date            INTEGER NOT NULL DEFAULT 0, -- the Date field; 0 = none that makes sense
    size            INTEGER NOT NULL DEFAULT 0, -- RFC822.SIZE
    has_attachments INTEGER NOT NULL DEFAULT 0,
    preview         TEXT NOT NULL DEFAULT '',   -- known once the body is here
    has_body        INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account_id, identity)
) STRICT;

-- The presence of a message in a mailbox.
CREATE TABLE placement (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id    INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    mailbox_id    INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    uid           INTEGER NOT NULL DEFAULT 0,   -- 0 = expected: a move of ours or a new UIDVALIDITY will give it one
    base_bits     INTEGER NOT NULL DEFAULT 0,   -- flags as last agreed with the server
    base_keywords TEXT NOT NULL DEFAULT '',
    bits          INTEGER NOT NULL DEFAULT 0,   -- base plus the intents that wait: what the user sees
    keywords      TEXT NOT NULL DEFAULT '',
    modseq        INTEGER NOT NULL DEFAULT 0,
    received      INTEGER NOT NULL DEFAULT 0,   -- INTERNALDATE
    sort_date     INTEGER NOT NULL DEFAULT 0,   -- what lists are ordered by; never changes
    hidden        INTEGER NOT NULL DEFAULT 0    -- 1 = moved away or deleted by the user; the server does not know yet
) STRICT;

CREATE UNIQUE INDEX placement_uid ON placement (mailbox_id, uid) WHERE uid > 0;
CREATE INDEX placement_list ON placement (mailbox_id, hidden, sort_date DESC, id DESC);
CREATE INDEX placement_message ON placement (message_id);

CREATE TRIGGER placement_added AFTER INSERT ON placement WHEN new.hidden = 0 BEGIN
    UPDATE mailbox SET total = total + 1, unread = unread + (new.bits & 1 = 0) WHERE id = new.mailbox_id;
END;
CREATE TRIGGER placement_removed AFTER DELETE ON placement WHEN old.hidden = 0 BEGIN
    UPDATE mailbox SET total = total - 1, unread = unread - (old.bits & 1 = 0) WHERE id = old.mailbox_id;
END;
CREATE TRIGGER placement_changed AFTER UPDATE OF bits, hidden ON placement
    WHEN old.hidden <> new.hidden OR (old.bits & 1) <> (new.bits & 1) BEGIN
    UPDATE mailbox SET
        total  = total  + (new.hidden = 0) - (old.hidden = 0),
        unread = unread + (new.hidden = 0 AND new.bits & 1 = 0) - (old.hidden = 0 AND old.bits & 1 = 0)
    WHERE id = new.mailbox_id;
END;

-- Raw messages, zstd. Those too large for a row are files, and raw is then empty.
CREATE TABLE body (
    message_id INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
    raw        BLOB NOT NULL DEFAULT x'',
    file       TEXT NOT NULL DEFAULT ''
) STRICT;

-- What the user did, as one thing to undo.
CREATE TABLE action (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,                   -- flag | move | delete | undo
    label      TEXT NOT NULL,                   -- read, unread, star, archive, trash … for the words on the screen
    target_id  INTEGER NOT NULL DEFAULT 0,      -- mailbox, for moves
    made       INTEGER NOT NULL,
    undone     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What the server has still to be told, one row for each placement, in order of id.
CREATE TABLE intent (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    action_id        INTEGER NOT NULL REFERENCES action (id) ON DELETE CASCADE,
    account_id       INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind             TEXT NOT NULL,             -- flag | move | delete
    placement_id     INTEGER NOT NULL,          -- where it is (the source of a move)
    mailbox_id       INTEGER NOT NULL,
    target_id        INTEGER NOT NULL DEFAULT 0,-- mailbox a move leads to
    expected_id      INTEGER NOT NULL DEFAULT 0,-- the placement a move makes there
    add_bits         INTEGER NOT NULL DEFAULT 0,
    add_keywords     TEXT NOT NULL DEFAULT '',
    remove_bits      INTEGER NOT NULL DEFAULT 0,
    remove_keywords  TEXT NOT NULL DEFAULT '',
    state            TEXT NOT NULL DEFAULT 'queued', -- queued | sent (may have reached the server) | done
    not_before       INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX intent_waiting ON intent (account_id, id) WHERE state <> 'done';
CREATE INDEX intent_placement ON intent (placement_id) WHERE state <> 'done';
CREATE INDEX intent_expected ON intent (expected_id) WHERE expected_id > 0;
CREATE INDEX intent_action ON intent (action_id);

-- What the user should know: an intent the server refused, a folder that vanished.
CREATE TABLE notice (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    made       INTEGER NOT NULL,
    code       TEXT NOT NULL,
    subject    TEXT NOT NULL DEFAULT '',
    count      INTEGER NOT NULL DEFAULT 0,
    dismissed  INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Choices of the user on this device.
CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
