-- What the full-text index (search.db, see store/search.rs) has still to take in, or to let go: messages that are new, whose text came,
-- or that are gone. A row goes once the index has it durably, so that a cut repeats work and never skips any.
CREATE TABLE search_todo (
    message_id INTEGER PRIMARY KEY,
    turn       INTEGER NOT NULL DEFAULT 0 -- goes up when there is something new of it while the index is at it
) STRICT;
INSERT INTO search_todo (message_id) SELECT id FROM message;

-- Which index goes with these numbers; none = there is none yet. Not among the settings: those are repeated in the spare, and a
-- difference between the two has the spare made anew.
CREATE TABLE search_pair (
    pair TEXT NOT NULL
) STRICT;

CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    INSERT INTO search_todo (message_id) VALUES (new.id) ON CONFLICT (message_id) DO UPDATE SET turn = turn + 1;
END;
-- A text that is no longer kept here stays searchable: what was indexed is not indexed again without it.
CREATE TRIGGER message_filled AFTER UPDATE OF has_body, partial ON message WHEN new.has_body = 1 BEGIN
    INSERT INTO search_todo (message_id) VALUES (new.id) ON CONFLICT (message_id) DO UPDATE SET turn = turn + 1;
END;
CREATE TRIGGER message_gone AFTER DELETE ON message BEGIN
    INSERT INTO search_todo (message_id) VALUES (old.id) ON CONFLICT (message_id) DO UPDATE SET turn = turn + 1;
END;

-- What lists are narrowed to most.
CREATE INDEX placement_unread ON placement (mailbox_id, sort_date DESC, id DESC) WHERE hidden = 0 AND bits & 1 = 0;
CREATE INDEX placement_flagged ON placement (mailbox_id, sort_date DESC, id DESC) WHERE hidden = 0 AND bits & 4 <> 0;
