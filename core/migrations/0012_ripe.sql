-- What has a text goes into the full-text index before what is only a header: most headers get their text within seconds, and would be
-- taken in twice. A turn above 0 says that there is a text, or that something was indexed before.
DROP TRIGGER message_added;
CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    INSERT INTO search_todo (message_id, turn) VALUES (new.id, new.has_body) ON CONFLICT (message_id) DO UPDATE SET turn = turn + 1;
END;
CREATE INDEX search_todo_ripe ON search_todo (message_id) WHERE turn > 0;
