-- Mail on its way out. A row is the user's truth from the moment of sending until the submission server has taken the message (then
-- it goes, in the transaction that files the copy in Sent); it is copied whole into the spare. Its states, and which follows which:
-- store/outbox.rs.
CREATE TABLE outbox (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id      INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    message_id      TEXT NOT NULL,                  -- Message-ID without its brackets, by which a copy is found; '' = one
                                                    -- lay on the server before, so that a copy would prove nothing
    sender          TEXT NOT NULL,                  -- envelope: where failures are reported to
    recipients      TEXT NOT NULL,                  -- envelope, JSON: [{address, reply}]; reply = what the server said of it, '' = nothing
    subject         TEXT NOT NULL DEFAULT '',       -- for the screen
    size            INTEGER NOT NULL,               -- octets
    report_delivery INTEGER NOT NULL DEFAULT 0,     -- 1 = ask for a report of delivery (RFC 3461)
    require_tls     INTEGER NOT NULL DEFAULT 0,     -- 1 = refuse a way without TLS (RFC 8689)
    state           TEXT NOT NULL DEFAULT 'queued', -- queued | claimed | handed | unknown | refused
    made            INTEGER NOT NULL,               -- when the user sent it
    not_before      INTEGER NOT NULL,               -- undo, send later, or the next try
    tries           INTEGER NOT NULL DEFAULT 0,     -- how often the server said "not now" to it
    code            TEXT NOT NULL DEFAULT '',       -- why it is not gone: a kind of error, '' = nothing is wrong
    about           TEXT NOT NULL DEFAULT '',       -- what that is about
    detail          TEXT NOT NULL DEFAULT '',       -- in the words of the server
    raw             BLOB NOT NULL DEFAULT x'',      -- as in body
    file            TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_account ON outbox (account_id, id);
