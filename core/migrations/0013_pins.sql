-- What the user wants at the top of its mailbox: a placement with the keyword $Pinned, which all devices see (journal/pin.rs).
CREATE INDEX placement_pinned ON placement (mailbox_id) WHERE instr(' ' || lower(keywords) || ' ', ' $pinned ') > 0;
-- Where the server keeps no keywords (RFC 9051 section 7.1, PERMANENTFLAGS), only this device knows.
CREATE TABLE pin (
    placement_id INTEGER PRIMARY KEY REFERENCES placement (id) ON DELETE CASCADE
) STRICT;
