-- What servers and readers said became of messages that were sent from here: bounces, delays, receipts. Made from the mail that says
-- so, and gone with it.
CREATE TABLE report (
    reported_by INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE, -- the message that says so
    account_id  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    original    TEXT NOT NULL,     -- Message-ID of the one it is about, without brackets; '' = it does not say
    recipient   TEXT NOT NULL,     -- for whom
    outcome     TEXT NOT NULL,     -- failed | delayed | delivered | relayed | expanded | displayed
    words       TEXT NOT NULL,     -- in the server's words
    PRIMARY KEY (reported_by, recipient, outcome)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_original ON report (account_id, original) WHERE original <> '';
