-- Which messages make up a conversation (store/conversation.rs), and which of its messages a list by conversations shows.
--
-- A conversation bears the number of the message that it began with here; 0 = not looked at yet (mail of an older version, and what came
-- out of a damaged database): alone until it is.
ALTER TABLE message ADD COLUMN conversation INTEGER NOT NULL DEFAULT 0;
CREATE INDEX message_ungathered ON message (id) WHERE conversation = 0;

-- The same beside each placement: lists and counts need it there.
ALTER TABLE placement ADD COLUMN conversation INTEGER NOT NULL DEFAULT 0;
-- 1 = visible, and nothing newer of its conversation is visible in its mailbox. Kept by the triggers below.
ALTER TABLE placement ADD COLUMN newest INTEGER NOT NULL DEFAULT 1;
UPDATE placement SET newest = 0 WHERE hidden = 1;
CREATE INDEX placement_conversation ON placement (conversation, mailbox_id, hidden, sort_date DESC, id DESC) WHERE conversation <> 0;
CREATE INDEX placement_newest ON placement (mailbox_id, sort_date DESC, id DESC) WHERE newest = 1;

ALTER TABLE mailbox ADD COLUMN conversations INTEGER NOT NULL DEFAULT 0; -- placements that are newest, kept by triggers
UPDATE mailbox SET conversations = total;

-- What leads to a conversation: a hash of the account with a Message-ID that one of its messages has or mentions, or with the number
-- that the server gave it. What is gone still holds together what answered it.
CREATE TABLE conversation_key (
    key          INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL
) STRICT;
-- Two turned out to be one.
CREATE TABLE conversation_moved (
    conversation INTEGER PRIMARY KEY,
    became       INTEGER NOT NULL
) STRICT;
CREATE INDEX conversation_became ON conversation_moved (became);

DROP TRIGGER placement_added;
DROP TRIGGER placement_removed;
CREATE TRIGGER placement_added AFTER INSERT ON placement WHEN new.hidden = 0 BEGIN
    UPDATE mailbox SET total = total + 1, unread = unread + (new.bits & 1 = 0), conversations = conversations + new.newest
    WHERE id = new.mailbox_id;
END;
CREATE TRIGGER placement_removed AFTER DELETE ON placement WHEN old.hidden = 0 BEGIN
    UPDATE mailbox SET total = total - 1, unread = unread - (old.bits & 1 = 0), conversations = conversations - old.newest
    WHERE id = old.mailbox_id;
END;
CREATE TRIGGER placement_headed AFTER UPDATE OF newest ON placement WHEN old.newest <> new.newest BEGIN
    UPDATE mailbox SET conversations = conversations + new.newest - old.newest WHERE id = new.mailbox_id;
END;

-- One that is seen now: the newest, or not; and where it is, the one that was is not any more.
CREATE TRIGGER newest_added AFTER INSERT ON placement WHEN new.hidden = 0 AND new.conversation <> 0 BEGIN
    UPDATE placement SET newest = 0 WHERE newest = 1 AND id = new.id AND id <> (SELECT p.id FROM placement p
        WHERE p.conversation = new.conversation AND p.conversation <> 0 AND p.mailbox_id = new.mailbox_id AND p.hidden = 0
        ORDER BY p.sort_date DESC, p.id DESC LIMIT 1);
    UPDATE placement SET newest = 0 WHERE newest = 1 AND id = (SELECT p.id FROM placement p
        WHERE p.conversation = new.conversation AND p.conversation <> 0 AND p.mailbox_id = new.mailbox_id AND p.hidden = 0
        ORDER BY p.sort_date DESC, p.id DESC LIMIT 1 OFFSET 1);
END;
CREATE TRIGGER newest_shown AFTER UPDATE OF hidden ON placement WHEN old.hidden = 1 AND new.hidden = 0 BEGIN
    UPDATE placement SET newest = 1 WHERE id = new.id AND newest = 0 AND (new.conversation = 0 OR id = (SELECT p.id FROM placement p
        WHERE p.conversation = new.conversation AND p.conversation <> 0 AND p.mailbox_id = new.mailbox_id AND p.hidden = 0
        ORDER BY p.sort_date DESC, p.id DESC LIMIT 1));
    UPDATE placement SET newest = 0 WHERE newest = 1 AND new.conversation <> 0 AND id = (SELECT p.id FROM placement p
        WHERE p.conversation = new.conversation AND p.conversation <> 0 AND p.mailbox_id = new.mailbox_id AND p.hidden = 0
        ORDER BY p.sort_date DESC, p.id DESC LIMIT 1 OFFSET 1);
END;
-- One that is not seen any more: the next one is the newest.
CREATE TRIGGER newest_hidden AFTER UPDATE OF hidden ON placement WHEN old.hidden = 0 AND new.hidden = 1 AND new.newest = 1 BEGIN
    UPDATE placement SET newest = 0 WHERE id = new.id;
    UPDATE placement SET newest = 1 WHERE newest = 0 AND id = (SELECT p.id FROM placement p
        WHERE p.conversation = new.conversation AND p.conversation <> 0 AND p.mailbox_id = new.mailbox_id AND p.hidden = 0
        ORDER BY p.sort_date DESC, p.id DESC LIMIT 1);
END;
CREATE TRIGGER newest_removed AFTER DELETE ON placement WHEN old.newest = 1 AND old.conversation <> 0 BEGIN
    UPDATE placement SET newest = 1 WHERE newest = 0 AND id = (SELECT p.id FROM placement p
        WHERE p.conversation = old.conversation AND p.conversation <> 0 AND p.mailbox_id = old.mailbox_id AND p.hidden = 0
        ORDER BY p.sort_date DESC, p.id DESC LIMIT 1);
END;
-- One that belongs to another conversation, or lies in another mailbox now.
CREATE TRIGGER newest_moved AFTER UPDATE OF conversation, mailbox_id ON placement
    WHEN new.hidden = 0 AND (old.conversation <> new.conversation OR old.mailbox_id <> new.mailbox_id) BEGIN
    UPDATE placement SET newest = 1 WHERE newest = 0 AND old.newest = 1 AND id = (SELECT p.id FROM placement p
        WHERE p.conversation = old.conversation AND p.conversation <> 0 AND p.mailbox_id = old.mailbox_id AND p.hidden = 0
        ORDER BY p.sort_date DESC, p.id DESC LIMIT 1);
    UPDATE placement SET newest = (new.conversation = 0 OR id = (SELECT p.id FROM placement p
        WHERE p.conversation = new.conversation AND p.conversation <> 0 AND p.mailbox_id = new.mailbox_id AND p.hidden = 0
        ORDER BY p.sort_date DESC, p.id DESC LIMIT 1)) WHERE id = new.id;
    UPDATE placement SET newest = 0 WHERE newest = 1 AND new.conversation <> 0 AND id = (SELECT p.id FROM placement p
        WHERE p.conversation = new.conversation AND p.conversation <> 0 AND p.mailbox_id = new.mailbox_id AND p.hidden = 0
        ORDER BY p.sort_date DESC, p.id DESC LIMIT 1 OFFSET 1);
END;
