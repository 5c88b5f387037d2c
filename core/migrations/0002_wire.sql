-- How to get to a server and whom to believe there, and what it cost.

ALTER TABLE account ADD COLUMN pin TEXT NOT NULL DEFAULT '';            -- SHA-256 of the one certificate that the user chose
ALTER TABLE account ADD COLUMN proxy TEXT NOT NULL DEFAULT '';          -- socks5://host:port, http://host:port; no password in it
ALTER TABLE account ADD COLUMN sealed_proxy BLOB NOT NULL DEFAULT x'';  -- the same with user and password, sealed

-- Bytes over the wire. Kept for 400 days.
CREATE TABLE traffic (
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    day        INTEGER NOT NULL,            -- days since 1970, UTC
    down       INTEGER NOT NULL DEFAULT 0,
    up         INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, day)
) STRICT, WITHOUT ROWID;
