-- Byte budgets, what the user chose a mailbox for, messages kept here whatever the policy says, large messages that came in part.

-- Bytes a day; 0 = no limit.
ALTER TABLE account ADD COLUMN budget_down INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN budget_up INTEGER NOT NULL DEFAULT 0;
UPDATE account SET budget_down = 2500000000, budget_up = 500000000 WHERE lower(imap_host) IN ('imap.gmail.com', 'imap.googlemail.com');

-- What the user uses it for, whatever the server says: a role, or none; '' = as the server says.
-- Intents of kind "use" have the new role in name, the old one in shown, and in target_id the mailbox that had it before.
ALTER TABLE mailbox ADD COLUMN chosen TEXT NOT NULL DEFAULT '';

ALTER TABLE message ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;  -- 1 = the user wants it here
ALTER TABLE message ADD COLUMN partial INTEGER NOT NULL DEFAULT 0; -- 1 = the body here lacks its large parts
CREATE INDEX message_pinned ON message (account_id) WHERE pinned = 1;

-- Few rows each: what waits for a UID, and what the user took away and the server still has.
CREATE INDEX placement_expected ON placement (mailbox_id) WHERE uid = 0;
CREATE INDEX placement_hidden ON placement (mailbox_id) WHERE hidden = 1;
