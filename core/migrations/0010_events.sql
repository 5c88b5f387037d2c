-- Which appointments messages bring, invite to or answer (RFC 5546). Made from the mail while it is indexed, and gone with it: a list
-- marks such mail, and the reader shows what became of an invitation, wherever it was answered.
CREATE TABLE event (
    message_id INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    uid        TEXT NOT NULL,     -- of the appointment
    recurrence TEXT NOT NULL,     -- of a series, the one that is meant; '' = all
    method     TEXT NOT NULL,     -- publish | request | reply | cancel | counter
    sequence   INTEGER NOT NULL,  -- version of the appointment
    stamp      INTEGER NOT NULL,  -- when it was written, seconds since 1970
    guest      TEXT NOT NULL,     -- who answers, in small letters; '' = it is no answer
    answer     TEXT NOT NULL      -- accepted | tentative | declined | delegated | ''
) STRICT;
CREATE INDEX event_uid ON event (account_id, uid);
