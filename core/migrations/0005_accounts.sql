-- Accounts over POP3 too, ways to sign in, identities, order and rest; what a maildrop holds.

ALTER TABLE account RENAME COLUMN imap_host TO host;
ALTER TABLE account RENAME COLUMN imap_port TO port;
ALTER TABLE account RENAME COLUMN imap_tls TO tls;
ALTER TABLE account ADD COLUMN protocol TEXT NOT NULL DEFAULT 'imap';    -- imap | pop3: what the server above speaks
ALTER TABLE account ADD COLUMN smtp_host TEXT NOT NULL DEFAULT '';       -- '' = not known
ALTER TABLE account ADD COLUMN smtp_port INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN smtp_tls TEXT NOT NULL DEFAULT 'implicit';
ALTER TABLE account ADD COLUMN issuer TEXT NOT NULL DEFAULT '';          -- who issues tokens (OAuth 2.0); '' = a password signs in.
                                                                         -- sealed_password then holds the refresh token
ALTER TABLE account ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;        -- 1 = the user wants no connection
ALTER TABLE account ADD COLUMN position INTEGER NOT NULL DEFAULT 0;      -- order on the screen; equal ones by id

-- POP3: what stays on the server, and from which size on only the header comes (bytes; 0 = all comes).
ALTER TABLE account ADD COLUMN leave TEXT NOT NULL DEFAULT 'always';     -- always | <n>d | until_deleted | never
ALTER TABLE account ADD COLUMN size_limit INTEGER NOT NULL DEFAULT 0;

-- More addresses that the user writes as; the account's own address is always one.
CREATE TABLE identity (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name       TEXT NOT NULL DEFAULT '',
    address    TEXT NOT NULL,
    UNIQUE (account_id, address)
) STRICT;

-- What was seen in a maildrop, by UIDL (RFC 1939 section 7). A row is written in the transaction that keeps its message, and stays
-- when the message is deleted here, so that it does not come again. Not in the spare: after a salvage all that the server
-- still has is asked for anew, and nothing there is taken for deleted here.
CREATE TABLE maildrop (
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    uidl       TEXT NOT NULL,
    size       INTEGER NOT NULL,             -- as LIST tells it: a UIDL with another size is another message
    message_id INTEGER,                      -- as long as it is here
    first_seen INTEGER NOT NULL,             -- when it came here
    last_seen  INTEGER NOT NULL,             -- when it was last in the maildrop, by day
    state      TEXT NOT NULL DEFAULT 'here', -- here | partial (its text is on the server only) | deleted (by the user)
    PRIMARY KEY (account_id, uidl)
) STRICT, WITHOUT ROWID;
CREATE INDEX maildrop_message ON maildrop (message_id) WHERE message_id IS NOT NULL;
