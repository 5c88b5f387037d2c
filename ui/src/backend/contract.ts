// Made from core/src/api/contract.rs by `make gen`. Do not edit.

export type AccountId = string;

export type MailboxId = string;

export type MessageId = string;

export type ConversationId = string;

export type PlacementId = string;

export type ActionId = string;

export type Role = "inbox" | "flagged" | "drafts" | "sent" | "archive" | "all" | "junk" | "trash";

export type Tls = "implicit" | "starttls" | "none";

export type Endpoint = { 
/**
 * Host name or address.
 */
host: string, 
/**
 * TCP port.
 */
port: number, 
/**
 * Protection.
 */
tls: Tls, };

export type Address = { 
/**
 * The display name, decoded; empty when there is none.
 */
name: string, 
/**
 * `local@domain`, as written.
 */
address: string, };

export type Danger = "none" | "program" | "disguised" | "page" | "macros";

export type Attachment = { 
/**
 * Where it stands in the message, for saving it: the number of the part; of a file in a file both, `4.2`.
 */
part: string, 
/**
 * File name, safe to show and to use.
 */
name: string, 
/**
 * MIME type.
 */
media_type: string, 
/**
 * Bytes after decoding.
 */
size: number, 
/**
 * What it may do when it is opened.
 */
danger: Danger, 
/**
 * False while it is not on this device: it is fetched when somebody wants it.
 */
here: boolean, };

export type ErrorView = { 
/**
 * Stable name, see [`crate::error::Kind::code`].
 */
code: string, 
/**
 * Host, mailbox or path.
 */
subject: string, 
/**
 * True when it may pass by itself.
 */
passing: boolean, 
/**
 * The certificate that was not trusted, to be shown.
 */
certificate: Certificate | null, };

export type Protocol = "imap" | "pop3";

export type Source = "provider" | "exchanger" | "autoconfig" | "srv" | "ispdb" | "autodiscover" | "guess";

export type Hint = { 
/**
 * app_password, enable, bridge, paid, none, smtp_auth, sent, unencrypted; screens have the words.
 */
code: string, 
/**
 * Where the provider explains it or where it is done; may be empty.
 */
url: string, };

export type FoundServers = { 
/**
 * What the provider calls itself; may be empty.
 */
provider: string, 
/**
 * Who told.
 */
source: Source, 
/**
 * IMAP server.
 */
imap: Endpoint | null, 
/**
 * POP3 server.
 */
pop3: Endpoint | null, 
/**
 * Submission server.
 */
smtp: Endpoint | null, 
/**
 * User name at the server.
 */
user: string, 
/**
 * Ways to sign in, best first: password, or an OAuth issuer.
 */
sign_in: Array<string>, 
/**
 * What the provider wants first.
 */
hints: Array<Hint>, };

export type Identity = { 
/**
 * As others shall see it; may be empty.
 */
name: string, 
/**
 * `local@domain`
 */
address: string, };

export type BrowserSignIn = { 
/**
 * Its number.
 */
id: string, 
/**
 * What the browser is to open.
 */
url: string, };

export type NewAccount = { 
/**
 * The address of the user.
 */
address: string, 
/**
 * The user's name; may be empty.
 */
name: string, 
/**
 * User name at the server; empty = the address.
 */
user: string, 
/**
 * What the incoming server speaks.
 */
protocol: Protocol, 
/**
 * Incoming server.
 */
incoming: Endpoint, 
/**
 * Submission server, if it is known.
 */
smtp: Endpoint | null, 
/**
 * The password; empty with a password command or a grant.
 */
password: string, 
/**
 * What [`Core::browser_begin`](super::Core::browser_begin) gave, once the user was back; empty for none.
 */
grant: string, 
/**
 * Command that prints the password; empty for none.
 */
password_command: string, 
/**
 * PEM file with roots of the user's own; empty for none.
 */
ca_file: string, 
/**
 * SHA-256 of a certificate that the user has seen and chose to trust, in hex; empty for none.
 */
pin: string, 
/**
 * `socks5://[user:password@]host[:port]` or `http://…`; empty for none.
 */
proxy: string, 
/**
 * headers, 30d, all …; empty = 30d
 */
keep: string, 
/**
 * POP3: what stays on the server: always, 30d, until_deleted, never; empty = always
 */
leave: string, 
/**
 * POP3: from how many megabytes on only the header comes; 0 = all comes
 */
size_limit: number, };

export type AccountChange = { 
/**
 * The user's name; may be empty.
 */
name: string, 
/**
 * User name at the server.
 */
user: string, 
/**
 * Incoming server.
 */
incoming: Endpoint, 
/**
 * Submission server, if it is known.
 */
smtp: Endpoint | null, };

export type Added = { 
/**
 * Its number.
 */
id: AccountId, 
/**
 * False where the device has no safe place for the password, and it will be asked for after the next start.
 */
password_kept: boolean, };

export type PassphraseState = { 
/**
 * The user has chosen a passphrase.
 */
set: boolean, 
/**
 * It was not entered since the start.
 */
locked: boolean, };

export type AccountView = { 
/**
 * Its number.
 */
id: AccountId, 
/**
 * The address of the user.
 */
address: string, 
/**
 * The user's name.
 */
name: string, 
/**
 * User name at the server.
 */
user: string, 
/**
 * What the incoming server speaks.
 */
protocol: Protocol, 
/**
 * Incoming server.
 */
incoming: Endpoint, 
/**
 * Submission server, if it is known.
 */
smtp: Endpoint | null, 
/**
 * Who issues the tokens that sign in; empty = a password does.
 */
issuer: string, 
/**
 * The user wants no connection.
 */
paused: boolean, 
/**
 * POP3: what stays on the server: always, 30d, until_deleted, never
 */
leave: string, 
/**
 * POP3: the user name as it is sent, where that is another
 */
signs_in_as: string, 
/**
 * POP3: from how many megabytes on only the header comes; 0 = all comes
 */
size_limit: number, 
/**
 * The fingerprint of the certificate that the user trusted all the same, SHA-256 in hex; empty for none.
 */
pin: string, 
/**
 * Addresses that the user writes as, besides the account's own.
 */
identities: Array<Identity>, 
/**
 * headers, 30d, all …
 */
keep: string, 
/**
 * How many changes the server has still to be told.
 */
waiting: number, 
/**
 * Megabytes that may be received in a day; 0 = no limit.
 */
budget_down: number, 
/**
 * Megabytes that may be sent in a day; 0 = no limit.
 */
budget_up: number, 
/**
 * Bytes received today, UTC.
 */
down_today: number, 
/**
 * Bytes sent today, UTC.
 */
up_today: number, 
/**
 * True when the background fetches nothing more today.
 */
spent: boolean, 
/**
 * True when versions of drafts wait for tomorrow.
 */
drafts_wait: boolean, 
/**
 * Bytes received in the last 30 days.
 */
down: number, 
/**
 * Bytes sent in the last 30 days.
 */
up: number, };

export type AccountState = { 
/**
 * Which account.
 */
account: AccountId, 
/**
 * connecting, working, in_step, failed, paused
 */
phase: string, 
/**
 * Why it failed.
 */
error: ErrorView | null, 
/**
 * When it was last in step, seconds since 1970; 0 = not since the start.
 */
in_step_at: number, };

export type MailboxView = { 
/**
 * Its number.
 */
id: MailboxId, 
/**
 * Whose it is.
 */
account: AccountId, 
/**
 * The last part of the name.
 */
name: string, 
/**
 * The whole name, with the server's delimiter.
 */
path: string, 
/**
 * What stands between the parts of the name; empty = it has no parts.
 */
delimiter: string, 
/**
 * What it is for.
 */
role: Role | null, 
/**
 * 0 for the top level.
 */
depth: number, 
/**
 * Whether it can hold messages.
 */
selectable: boolean, 
/**
 * Whether the user subscribed to it.
 */
subscribed: boolean, 
/**
 * No longer on the server; what is here is kept.
 */
gone: boolean, 
/**
 * Messages here.
 */
total: number, 
/**
 * Of these, unread. While older mail is still coming in, what the server told.
 */
unread: number, 
/**
 * Messages whose header is still to come.
 */
missing: number, 
/**
 * Messages the server told of.
 */
on_server: number, 
/**
 * headers, 30d, all …; empty = as the account.
 */
keep: string, 
/**
 * When it was last in step, seconds since 1970; 0 = never.
 */
checked: number, 
/**
 * A label: removed, its messages stay where everything is.
 */
label: boolean, };

export type ListOrder = "newest" | "oldest" | "person" | "subject" | "size" | "unread" | "starred" | "attachments";

export type PersonView = { 
/**
 * As people call them, in short where there are several.
 */
name: string, 
/**
 * The user.
 */
own: boolean, 
/**
 * Wrote something that is not read yet.
 */
unread: boolean, };

export type RowView = { 
/**
 * The placement: what commands are about.
 */
id: PlacementId, 
/**
 * The message.
 */
message: MessageId, 
/**
 * The mailbox it lies in.
 */
mailbox: MailboxId, 
/**
 * The conversation it belongs to; 0 = not known yet.
 */
conversation: ConversationId, 
/**
 * Messages that the row stands for; more than one where the list is by conversations.
 */
count: number, 
/**
 * Who wrote these, in the order of what each wrote last; empty where it is one message.
 */
people: Array<PersonView>, 
/**
 * Author; in Sent and Drafts the recipients.
 */
who: string, 
/**
 * Address of the author, for the picture beside the row.
 */
address: string, 
/**
 * Subject.
 */
subject: string, 
/**
 * First words; empty until the content is here.
 */
preview: string, 
/**
 * Seconds since 1970.
 */
date: number, 
/**
 * `\Seen`
 */
read: boolean, 
/**
 * `\Flagged`
 */
starred: boolean, 
/**
 * `\Answered`
 */
answered: boolean, 
/**
 * `\Deleted`: another client marked it for removal and has not removed it yet.
 */
deleted: boolean, 
/**
 * `\Draft`
 */
draft: boolean, 
/**
 * It stands at the top of its list; of a conversation, because any of it is wanted there.
 */
pinned: boolean, 
/**
 * The labels that it also has, where mailboxes are labels.
 */
labels: Array<MailboxId>, 
/**
 * Keywords of this and other clients.
 */
keywords: Array<string>, 
/**
 * Whether files came with it.
 */
attachments: boolean, 
/**
 * Whether it is about an appointment.
 */
event: boolean, 
/**
 * Bytes.
 */
size: number, };

export type WindowView = { 
/**
 * Its number.
 */
window: number, 
/**
 * Counts every change.
 */
version: number, 
/**
 * Rows of the whole list.
 */
total: number, 
/**
 * The row of the list at which the window begins.
 */
first: number, 
/**
 * Its rows.
 */
rows: Array<RowView>, 
/**
 * Of a search: there may be more than `total`.
 */
more: boolean, 
/**
 * Its rows are conversations.
 */
grouped: boolean, };

export type RowOp = { "op": "remove", 
/**
 * Place in the window.
 */
at: number, } | { "op": "insert", 
/**
 * Place in the window.
 */
at: number, 
/**
 * The row.
 */
row: RowView, } | { "op": "update", 
/**
 * Place in the window.
 */
at: number, 
/**
 * The row.
 */
row: RowView, };

export type WindowUpdate = { 
/**
 * Which window.
 */
window: number, 
/**
 * One more than before.
 */
version: number, 
/**
 * Rows of the whole list.
 */
total: number, 
/**
 * The row of the list at which the window begins now; what is on screen moves by the difference.
 */
first: number, 
/**
 * Changes of its rows.
 */
ops: Array<RowOp>, 
/**
 * As in [`WindowView`].
 */
more: boolean, };

export type PartView = { 
/**
 * from, to, subject, body, file, in, has, is, before, after, larger, smaller, id, words.
 */
name: string, 
/**
 * What it asks for.
 */
value: string, 
/**
 * It excludes.
 */
not: boolean, 
/**
 * The text without it.
 */
without: string, };

export type MarkView = { 
/**
 * any, from, to, subject, body, file.
 */
field: string, 
/**
 * As they were typed.
 */
text: string, 
/**
 * The last one may be the beginning of a longer one.
 */
beginning: boolean, };

export type CoveredView = { 
/**
 * Accounts.
 */
accounts: number, 
/**
 * Messages whose header is here.
 */
here: number, 
/**
 * Messages that servers have, as last told.
 */
on_server: number, 
/**
 * Messages whose text is searched too.
 */
texts: number, 
/**
 * Messages that are here and not searched yet.
 */
waiting: number, 
/**
 * Trash and junk were left out.
 */
spared: boolean, 
/**
 * Servers that are being asked for the rest.
 */
asking: number, 
/**
 * Servers that answered.
 */
answered: number, 
/**
 * Servers that could not be asked.
 */
failed: number, 
/**
 * Messages that servers found and whose header is not here yet.
 */
elsewhere: number, };

export type SearchView = { 
/**
 * What is found, as a live window.
 */
window: WindowView, 
/**
 * What was understood.
 */
parts: Array<PartView>, 
/**
 * What to mark in what is found.
 */
marks: Array<MarkView>, 
/**
 * What was looked through.
 */
covered: CoveredView, };

export type BodyView = { 
/**
 * Safe HTML for a frame without scripts and network.
 */
html: string, 
/**
 * The same of what it answers and repeats below; empty where it repeats nothing.
 */
history: string, 
/**
 * Its style sheets, for a `style` element of a document of its own.
 */
styles: string, 
/**
 * True when `html` was made from plain text.
 */
plain: boolean, 
/**
 * Remote things that were left out.
 */
blocked: number, 
/**
 * Of these, pictures that can be fetched.
 */
pictures: number, 
/**
 * Who would have learned of the reading: by name, or by host.
 */
trackers: Array<string>, 
/**
 * Files.
 */
attachments: Array<Attachment>, };

export type Report = { 
/**
 * Message-ID of the message that it is about, without brackets; empty = it does not say.
 */
original: string, 
/**
 * For whom.
 */
recipient: string, 
/**
 * failed, delayed, delivered, relayed, expanded, displayed.
 */
outcome: string, 
/**
 * In the words of the server, on one line.
 */
words: string, };

export type ListView = { 
/**
 * As people call it.
 */
name: string, 
/**
 * one_click, mail, page; empty = none that is safe.
 */
leave: string, 
/**
 * The host that is told, or the address that is written to.
 */
to: string, 
/**
 * The page to look at, for `page`.
 */
page: string, };

export type Verdict = "passed" | "failed" | "unknown";

export type TrustView = { 
/**
 * What the provider found.
 */
verdict: Verdict, 
/**
 * Who found it; empty where nobody did.
 */
by: string, 
/**
 * The name that the author goes by holds another address than theirs: this one.
 */
posing_as: string, 
/**
 * The address is written so that it looks like another one: letters of several scripts in one word. This is its plain form.
 */
lookalike: string, 
/**
 * Answers go to another domain than the author's: there.
 */
answers_to: string, 
/**
 * More people than one are named as authors: the others.
 */
others: Array<Address>, 
/**
 * signed_pgp, signed_smime, encrypted_pgp, encrypted_smime; empty = neither. No signature is checked yet.
 */
sealed: string, };

export type LinkView = { 
/**
 * The host it leads to, as the network reads it.
 */
host: string, 
/**
 * The host that its words name, where that is another one's; empty otherwise.
 */
says: string, 
/**
 * Its host is written with letters of several scripts, so that it looks like another one.
 */
lookalike: boolean, 
/**
 * It leads to a number instead of a name.
 */
number: boolean, 
/**
 * It has a name in front of the host that looks like one: `https://bank.example@other.example`.
 */
posing: boolean, };

export type SourceView = { 
/**
 * What is written, its first MiB.
 */
text: string, 
/**
 * There is more.
 */
cut: boolean, };

export type Method = "publish" | "request" | "reply" | "cancel" | "counter";

export type InvitationAnswer = "none" | "accepted" | "tentative" | "declined" | "delegated";

export type Guest = { 
/**
 * Who.
 */
who: Address, 
/**
 * What they said, as far as the sender knew.
 */
answer: InvitationAnswer, 
/**
 * It takes place without them too.
 */
optional: boolean, };

export type Repeats = { 
/**
 * day, week, month, year; empty = in some other way.
 */
every: string, 
/**
 * Each so many of these.
 */
interval: number, 
/**
 * On these days of the week, 0 = Sunday; empty = that of the first.
 */
days: Array<number>, 
/**
 * The last day, seconds since 1970; 0 = none is named.
 */
until: number, 
/**
 * So many times; 0 = no number is named.
 */
count: number, };

export type Appointment = { 
/**
 * By which it is known everywhere.
 */
uid: string, 
/**
 * Of an appointment that comes again, the one that is meant, as it is written; empty = all.
 */
recurrence: string, 
/**
 * What is wanted.
 */
method: Method, 
/**
 * Which version of it.
 */
sequence: number, 
/**
 * When this was written, seconds since 1970; 0 = it does not say.
 */
stamp: number, 
/**
 * What it is called.
 */
summary: string, 
/**
 * Where.
 */
place: string, 
/**
 * What is said of it.
 */
description: string, 
/**
 * When it begins, seconds since 1970; of whole days and of times without a zone as if that were UTC.
 */
starts: number, 
/**
 * When it ends: the first moment, or the first day, that is not part of it.
 */
ends: number, 
/**
 * Whole days.
 */
all_day: boolean, 
/**
 * The same by the clock wherever somebody is.
 */
floating: boolean, 
/**
 * The zone that it was made in, as IANA calls it; empty = none, or none that is known.
 */
zone: string, 
/**
 * It comes again.
 */
repeats: Repeats | null, 
/**
 * Who invites.
 */
organizer: Address, 
/**
 * Who is invited, people and rooms.
 */
guests: Array<Guest>, 
/**
 * The page to meet on; empty = none.
 */
join: string, 
/**
 * It says itself that it does not take place.
 */
cancelled: boolean, };

export type InvitationView = { 
/**
 * What the message says, with what guests answered since.
 */
event: Appointment, 
/**
 * The address of the user that is invited; empty = none is named.
 */
me: string, 
/**
 * The user invites.
 */
own: boolean, 
/**
 * What the user answered, here or on another device.
 */
answer: InvitationAnswer, 
/**
 * That answer is still on its way out.
 */
pending: boolean, 
/**
 * A later message changed it: this one is history.
 */
changed: boolean, 
/**
 * It does not take place: this message says so, or a later one.
 */
cancelled: boolean, 
/**
 * It can be answered.
 */
asks: boolean, };

export type MessageView = { 
/**
 * The row it was opened from.
 */
id: PlacementId, 
/**
 * The message.
 */
message: MessageId, 
/**
 * The mailbox of the row.
 */
mailbox: MailboxId, 
/**
 * Subject.
 */
subject: string, 
/**
 * Author.
 */
from: Address, 
/**
 * To and Cc.
 */
to: Array<Address>, 
/**
 * The Date field; else when it was received. Seconds since 1970.
 */
date: number, 
/**
 * Bytes on the server.
 */
size: number, 
/**
 * `\Seen`
 */
read: boolean, 
/**
 * `\Flagged`
 */
starred: boolean, 
/**
 * Kept on this device whatever the policy says.
 */
kept: boolean, 
/**
 * The mailing list that it came through.
 */
list: ListView | null, 
/**
 * What became of it where it went, and what it says itself of others.
 */
reports: Array<Report>, 
/**
 * What can be said of who it is from; `None` while the content is not here.
 */
trust: TrustView | null, 
/**
 * What the user decided about who wrote it: blocked, safe; empty = nothing.
 */
judged: string, 
/**
 * The link that names it, on every device and for whoever else has it; empty where it has no name.
 */
link: string, 
/**
 * Nothing else from this address, or to it, is known here.
 */
first_time: boolean, 
/**
 * The appointment that it is about.
 */
invitation: InvitationView | null, 
/**
 * The content; `None` while it is not on this device.
 */
body: BodyView | null, };

export type NestedView = { 
/**
 * Subject.
 */
subject: string, 
/**
 * Author.
 */
from: Address, 
/**
 * To and Cc.
 */
to: Array<Address>, 
/**
 * The Date field, seconds since 1970; 0 = none.
 */
date: number, 
/**
 * Its content; pictures from elsewhere are not fetched for it.
 */
body: BodyView, };

export type PersonCard = { 
/**
 * Who.
 */
name: string, 
/**
 * What they do, and where.
 */
work: string, 
/**
 * Addresses of mail.
 */
mail: Array<string>, 
/**
 * Telephones.
 */
phones: Array<string>, 
/**
 * Where they live and work, each on one line.
 */
places: Array<string>, 
/**
 * Their pages.
 */
pages: Array<string>, 
/**
 * Anything else.
 */
note: string, };

export type Preview = { "kind": "picture", 
/**
 * As a `data:` URL.
 */
data: string, } | { "kind": "pdf", 
/**
 * Its bytes, in base64.
 */
data: string, } | { "kind": "text", 
/**
 * What it says.
 */
text: string, 
/**
 * There is more.
 */
cut: boolean, 
/**
 * It was taken out of a document: how that looks is lost.
 */
extracted: boolean, } | { "kind": "page", 
/**
 * Its content.
 */
body: BodyView, } | { "kind": "message", 
/**
 * The message.
 */
message: NestedView, } | { "kind": "cards", 
/**
 * Who.
 */
cards: Array<PersonCard>, } | { "kind": "event", 
/**
 * The appointment.
 */
event: InvitationView, } | { "kind": "none" };

export type ConversationPart = { 
/**
 * Where it is: in the mailbox that is looked at, if it is there too.
 */
id: PlacementId, 
/**
 * Which.
 */
message: MessageId, 
/**
 * The mailbox.
 */
mailbox: MailboxId, 
/**
 * What that is for.
 */
role: Role | null, 
/**
 * Author.
 */
from: Address, 
/**
 * The first of those it went to.
 */
to: Array<Address>, 
/**
 * Seconds since 1970.
 */
date: number, 
/**
 * First words; empty until the content is here.
 */
preview: string, 
/**
 * `\Seen`
 */
read: boolean, 
/**
 * `\Flagged`
 */
starred: boolean, 
/**
 * `\Draft`
 */
draft: boolean, 
/**
 * Files came with it.
 */
attachments: boolean, };

export type ConversationView = { 
/**
 * Its number; 0 = a message alone.
 */
id: ConversationId, 
/**
 * Its messages.
 */
messages: Array<ConversationPart>, };

export type Mark = "read" | "unread" | "star" | "unstar" | "pin" | "unpin" | { "flag": string } | { "unflag": string };

export type Done = { 
/**
 * To be handed to undo.
 */
actions: Array<ActionId>, 
/**
 * read, unread, star, unstar, pin, pin_here (only this device knows of some of it), unpin, flag, unflag, move, archive, trash, junk, not_junk, block, trust, delete
 */
label: string, 
/**
 * Where to, for moves.
 */
target: MailboxId | null, 
/**
 * How many messages were asked for.
 */
count: number, };

export type SenderView = { 
/**
 * The address in small letters; everybody of a domain and below it: `@domain`.
 */
address: string, 
/**
 * Blocked, or trusted not to send junk.
 */
blocked: boolean, };

export type Undone = { 
/**
 * The label of what was undone; empty when there was nothing to undo.
 */
label: string, 
/**
 * False when part of it could not be taken back.
 */
whole: boolean, };

export type NoticeView = { 
/**
 * Its number, to dismiss it.
 */
id: string, 
/**
 * Whose it is.
 */
account: AccountId, 
/**
 * When, seconds since 1970.
 */
made: number, 
/**
 * What; screens have the words.
 */
code: string, 
/**
 * The mailbox it mentions.
 */
subject: string, 
/**
 * How many messages it is about.
 */
count: number, };

export type DecisionView = { 
/**
 * Its number, to insist on the wish.
 */
id: string, 
/**
 * Whose it is.
 */
account: AccountId, 
/**
 * When, seconds since 1970.
 */
made: number, 
/**
 * moved_elsewhere, gone_meanwhile, refused; screens have the words.
 */
code: string, 
/**
 * Subject of the message.
 */
subject: string, 
/**
 * The mailbox it was in.
 */
place: string, 
/**
 * What the user had wished: flag, move, copy, delete.
 */
wish: string, 
/**
 * Where to, for moves and copies.
 */
target: string, 
/**
 * Flags that should have been set.
 */
add: Array<string>, 
/**
 * Flags that should have been cleared.
 */
remove: Array<string>, };

export type OutgoingId = string;

export type RecipientView = { 
/**
 * The address.
 */
address: string, 
/**
 * What the server said of it; empty = nothing.
 */
reply: string, };

export type OutgoingView = { 
/**
 * Its number.
 */
id: OutgoingId, 
/**
 * Through which account.
 */
account: AccountId, 
/**
 * What it is about.
 */
subject: string, 
/**
 * To whom.
 */
to: Array<RecipientView>, 
/**
 * Octets.
 */
size: number, 
/**
 * queued, claimed or handed (it is just being sent), unknown (it may have arrived), refused
 */
state: string, 
/**
 * When it was sent, seconds since 1970.
 */
made: number, 
/**
 * Not before then, seconds since 1970: undo, send later, or the next try.
 */
not_before: number, 
/**
 * How often the server said "not now".
 */
tries: number, 
/**
 * The code of the error it waits or was refused for; empty = none.
 */
error: string, 
/**
 * What that is about.
 */
about: string, 
/**
 * In the words of the server.
 */
detail: string, };

export type DraftFile = { 
/**
 * Under which it lies here.
 */
id: string, 
/**
 * Its name, safe to show.
 */
name: string, 
/**
 * MIME type.
 */
media_type: string, 
/**
 * Bytes.
 */
size: number, 
/**
 * By which the HTML shows it (`cid:`); empty = it is only attached.
 */
content_id: string, };

export type Wishes = { 
/**
 * More important than others (1), or less (-1).
 */
importance: number, 
/**
 * Whoever reads it is asked to say so (RFC 8098).
 */
receipt: boolean, 
/**
 * The servers are asked to say when it was delivered (RFC 3461).
 */
report: boolean, 
/**
 * It is not passed on without TLS (RFC 8689).
 */
only_tls: boolean, 
/**
 * As plain text alone.
 */
plain: boolean, };

export type DraftContent = { 
/**
 * Which draft, all versions of it; empty = a new one.
 */
draft: string, 
/**
 * Through which account it is sent, and in whose Drafts it lies.
 */
account: AccountId, 
/**
 * Who writes.
 */
from: Address, 
/**
 * To whom.
 */
to: Array<Address>, 
/**
 * With a copy to whom.
 */
cc: Array<Address>, 
/**
 * With a copy to whom, unseen by the others.
 */
bcc: Array<Address>, 
/**
 * What it is about.
 */
subject: string, 
/**
 * What it says. Pictures that go with it are `cid:`.
 */
html: string, 
/**
 * Files that go with it.
 */
files: Array<DraftFile>, 
/**
 * The message that it answers: Message-ID, without brackets; empty = none.
 */
in_reply_to: string, 
/**
 * The messages that led to it, oldest first.
 */
references: Array<string>, 
/**
 * The message that it passes on, as `in_reply_to`.
 */
forwards: string, 
/**
 * What else is wished for it.
 */
wishes: Wishes, };

export type Quote = { 
/**
 * Who wrote it.
 */
from: Address, 
/**
 * To whom.
 */
to: Array<Address>, 
/**
 * When, seconds since 1970.
 */
date: number, 
/**
 * What it is about, as it says.
 */
subject: string, 
/**
 * Its safe HTML. Pictures that come with it are `cid:`.
 */
html: string, };

export type DraftView = { 
/**
 * The version that it goes on from; `None` = nothing was put down yet.
 */
id: PlacementId | null, 
/**
 * What it says.
 */
content: DraftContent, 
/**
 * What it quotes, still to be put in; for one that is begun.
 */
quote: Quote | null, 
/**
 * How many other versions of it lie in Drafts: written on other devices, from the same one.
 */
others: number, 
/**
 * `data:` URLs of the pictures of its HTML, by content id.
 */
pictures: { [key in string]: string }, };

export type DraftSaved = { 
/**
 * The version.
 */
id: PlacementId, 
/**
 * The draft, all versions of it.
 */
draft: string, 
/**
 * As in [`DraftView`].
 */
others: number, };

export type Queued = { 
/**
 * Its number there.
 */
id: OutgoingId, 
/**
 * When it leaves, seconds since 1970.
 */
at: number, };

export type Saved = { 
/**
 * Where.
 */
path: string, };

export type Event = { "event": "accounts" } | { "event": "mailboxes" } | { "event": "window" } & WindowUpdate | { "event": "searched", 
/**
 * Its window.
 */
window: number, 
/**
 * What it looked through.
 */
covered: CoveredView, } | { "event": "message", 
/**
 * Which.
 */
message: MessageId, } | { "event": "message_coming", 
/**
 * Which.
 */
message: MessageId, 
/**
 * Bytes that are here.
 */
here: number, 
/**
 * Bytes in all.
 */
size: number, } | { "event": "message_failed", 
/**
 * Which.
 */
message: MessageId, 
/**
 * Why.
 */
error: ErrorView, } | { "event": "states", 
/**
 * All of them.
 */
states: Array<AccountState>, } | { "event": "outbox" } | { "event": "notices" } | { "event": "reload" };

export type Certificate = { 
/**
 * SHA-256 of it, in lower-case hex: what is kept when the user chooses it.
 */
fingerprint: string, 
/**
 * Whom it was made out to, as it says itself.
 */
subject: string, 
/**
 * Who made it, as it says itself.
 */
issuer: string, 
/**
 * Host names in it.
 */
names: Array<string>, 
/**
 * From when it holds, seconds since 1970.
 */
not_before: number, 
/**
 * Until when it holds, seconds since 1970.
 */
not_after: number, 
/**
 * Why it is not trusted.
 */
fault: CertificateFault, };

export type CertificateFault = "expired" | "not_yet_valid" | "other_name" | "unknown_issuer" | "revoked" | "invalid";

export interface Calls {
	accounts: { params: {  }; result: Array<AccountView> };
	mailboxes: { params: {  }; result: Array<MailboxView> };
	states: { params: {  }; result: Array<AccountState> };
	notices: { params: {  }; result: Array<NoticeView> };
	decisions: { params: {  }; result: Array<DecisionView> };
	outbox: { params: {  }; result: Array<OutgoingView> };
	outbox_withdraw: { params: { id: OutgoingId }; result: null };
	outbox_again: { params: { id: OutgoingId }; result: null };
	outbox_arrived: { params: { id: OutgoingId }; result: null };
	outbox_edit: { params: { id: OutgoingId }; result: DraftView };
	draft_begin: { params: { kind: string; about: PlacementId | null }; result: DraftView };
	draft_open: { params: { id: PlacementId }; result: DraftView };
	draft_save: { params: { content: DraftContent; replaces: PlacementId | null }; result: DraftSaved };
	draft_send: { params: { content: DraftContent; replaces: PlacementId | null; at: number; hold: number; zone: number }; result: Queued };
	redirect: { params: { id: PlacementId; to: Array<Address>; hold: number; zone: number }; result: Queued };
	list_leave: { params: { id: PlacementId }; result: null };
	invitation_answer: { params: { id: PlacementId; answer: InvitationAnswer; subject: string; text: string; hold: number; zone: number }; result: Queued };
	file_take: { params: { file: DraftFile; data: string }; result: DraftFile };
	files_drop: { params: { ids: Array<string> }; result: null };
	people: { params: { typed: string; count: number }; result: Array<Address> };
	find_servers: { params: { address: string; proxy: string }; result: FoundServers | null };
	window_open: { params: { mailbox: MailboxId | null; unified: Role | null; grouped: boolean | null; order: ListOrder | null; count: number }; result: WindowView };
	conversation: { params: { id: PlacementId }; result: ConversationView };
	spread: { params: { ids: Array<PlacementId>; everywhere: boolean }; result: Array<PlacementId> };
	search_open: { params: { text: string; within: MailboxId | null; typing: boolean; zone: number; count: number }; result: SearchView };
	search_ask: { params: { window: number }; result: null };
	window_show: { params: { window: number; first: number; count: number }; result: WindowView };
	window_close: { params: { window: number }; result: null };
	message: { params: { id: PlacementId }; result: MessageView };
	message_found: { params: { id: PlacementId; marks: Array<MarkView> }; result: MessageView };
	message_pictures: { params: { id: PlacementId; marks: Array<MarkView> }; result: MessageView };
	message_source: { params: { id: PlacementId }; result: SourceView };
	message_save: { params: { id: PlacementId }; result: Saved };
	link_look: { params: { url: string; words: string }; result: LinkView };
	attachment_show: { params: { message: MessageId; part: string }; result: Preview };
	attachment_save: { params: { message: MessageId; part: string }; result: Saved };
	attachment_open: { params: { message: MessageId; part: string }; result: Saved };
	senders: { params: {  }; result: Array<SenderView> };
	setting: { params: { key: string }; result: string };
	browser_begin: { params: { issuer: string; address: string; proxy: string; app_link: boolean }; result: BrowserSignIn };
	browser_wait: { params: { id: string; farewell: string }; result: null };
	browser_returned: { params: { url: string }; result: null };
	browser_cancel: { params: { id: string }; result: null };
	account_add: { params: { new: NewAccount }; result: Added };
	account_grant: { params: { id: AccountId; grant: string }; result: Added };
	account_change: { params: { id: AccountId; change: AccountChange }; result: null };
	account_pause: { params: { id: AccountId; paused: boolean }; result: null };
	account_order: { params: { ids: Array<AccountId> }; result: null };
	account_leave: { params: { id: AccountId; leave: string; size_limit: number }; result: null };
	account_identities: { params: { id: AccountId; identities: Array<Identity> }; result: null };
	account_password: { params: { id: AccountId; password: string }; result: Added };
	passphrase_state: { params: {  }; result: PassphraseState };
	passphrase_set: { params: { passphrase: string }; result: null };
	passphrase_unlock: { params: { passphrase: string }; result: null };
	passphrase_forget: { params: {  }; result: null };
	account_trust: { params: { id: AccountId; fingerprint: string }; result: null };
	account_remove: { params: { id: AccountId }; result: null };
	account_keep: { params: { id: AccountId; keep: string }; result: null };
	account_budget: { params: { id: AccountId; down: number; up: number }; result: null };
	keep_here: { params: { ids: Array<PlacementId>; wanted: boolean }; result: null };
	folder_keep: { params: { mailbox: MailboxId; keep: string }; result: null };
	background_sync: { params: { seconds: number }; result: boolean };
	check_now: { params: {  }; result: null };
	shown: { params: { visible: boolean }; result: null };
	network_changed: { params: {  }; result: null };
	mark: { params: { ids: Array<PlacementId>; mark: Mark }; result: Done };
	move_to: { params: { ids: Array<PlacementId>; mailbox: MailboxId }; result: Done };
	archive: { params: { ids: Array<PlacementId> }; result: Done };
	trash: { params: { ids: Array<PlacementId> }; result: Done };
	junk: { params: { ids: Array<PlacementId> }; result: Done };
	not_junk: { params: { ids: Array<PlacementId> }; result: Done };
	sender_block: { params: { id: PlacementId }; result: Done };
	sender_trust: { params: { id: PlacementId }; result: Done };
	sender_judge: { params: { address: string; blocked: boolean }; result: null };
	sender_forget: { params: { address: string }; result: null };
	delete: { params: { ids: Array<PlacementId>; hold: number }; result: Done };
	copy_to: { params: { ids: Array<PlacementId>; mailbox: MailboxId }; result: Done };
	folder_create: { params: { account: AccountId; name: string }; result: Done };
	folder_rename: { params: { mailbox: MailboxId; name: string }; result: Done };
	folder_remove: { params: { mailbox: MailboxId; hold: number }; result: Done };
	folder_empty: { params: { mailbox: MailboxId; hold: number }; result: Done };
	folder_expunge: { params: { mailbox: MailboxId; hold: number }; result: Done };
	folder_use: { params: { mailbox: MailboxId; role: Role | null }; result: Done };
	folder_subscribe: { params: { mailbox: MailboxId; wanted: boolean }; result: Done };
	decision_insist: { params: { id: string }; result: Done };
	decisions_seen: { params: {  }; result: null };
	undo: { params: { actions: Array<ActionId> }; result: Undone };
	undo_last: { params: {  }; result: Undone };
	notice_dismiss: { params: { id: string }; result: null };
	setting_put: { params: { key: string; value: string }; result: null };
}
