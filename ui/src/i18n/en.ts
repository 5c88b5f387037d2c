const n = (count: number) => count.toLocaleString("en");
const messages = (count: number) => (count === 1 ? "1 message" : `${n(count)} messages`);

export const en = {
	app: "Malote",
	// first run
	welcome: "One mailbox, in step on all your devices.",
	welcomeMore: "Your mail server is all they share. No account with us, nothing in between.",
	address: "E-mail address",
	addressHint: "you@example.com",
	next: "Continue",
	back: "Back",
	password: "Password",
	yourName: "Your name",
	optional: "optional",
	servers: "Servers",
	finding: "Looking for your servers…",
	receives: "Receives from",
	sends: "Sends through",
	changeServers: "Change servers, user name and more",
	pop3Server: "Incoming server (POP3)",
	smtpServer: "Outgoing server (SMTP)",
	tlsShort: { implicit: "encrypted", starttls: "encrypted (STARTTLS)", none: "not encrypted" },
	sources: {
		provider: "From Malote’s own list of providers. Nobody was asked.",
		exchanger: "From Malote’s own list: this provider receives your domain’s mail.",
		autoconfig: "Your domain says so itself. It was not told your address.",
		srv: "Your domain’s name service says so. Check that you know these names.",
		ispdb: "From the public list at thunderbird.net, which was asked about your domain only.",
		autodiscover: "Your domain’s Exchange says so. It was not told your address.",
		guess: "These are the usual names; your domain says nothing. Compare them with what your provider says.",
	} as Record<string, string>,
	hints: {
		app_password: (p: string) =>
			`${p} wants an app password here, not the one you use on its website. You make one there once.`,
		enable: (p: string) => `IMAP and POP3 may have to be switched on first in ${p}’s webmail.`,
		bridge: (p: string) =>
			`${p} is reached through its Bridge, which has to run on this computer. User name and password are the ones it shows.`,
		paid: (p: string) => `${p} gives mail apps access with its paid plans only.`,
		none: (p: string) =>
			`${p} lets no mail app in: it has neither IMAP nor POP3. Its mail can only be read in its own app.`,
		smtp_auth: (p: string) =>
			`If sending is refused later: many ${p} organisations have switched off “SMTP AUTH”. Your administrator can switch it on.`,
		unencrypted: () =>
			"Your domain lists only servers without encryption. Malote sends no password in clear. Ask your provider for servers with TLS.",
		no_client: (p: string) =>
			`${p} lets apps in only through its own sign-in page, and this build of Malote has not been registered there.`,
	} as Record<string, (provider: string) => string>,
	hintLink: "See there",
	protocol: "How mail is received",
	imapMeans: "Folders and flags are the same on all your devices",
	pop3Means: "Mail is fetched and filed on this device only",
	leave: "On the server",
	leaveChoice: (leave: string) =>
		leave === "always"
			? "Leave everything there"
			: leave === "until_deleted"
				? "Remove what is deleted for good here"
				: leave === "never"
					? "Remove at once what has come here"
					: `Remove ${leave.replace("d", "")} days after it came here`,
	leaveShared: (user: string) =>
		`Gmail gives each message to one POP3 program only. Malote therefore signs in as ${user}: each of your devices gets everything of the last 30 days, and nothing is taken from the others.`,
	leaveWarn:
		"What is removed from the server is gone there for good: webmail and other devices that have not fetched it will never see it, and the only copy is on this device.",
	leaveSure: "I understand",
	sizeLimit: "Of messages over this size fetch only the header (MB)",
	sizeLimitNone: "fetch all",
	appPassword: "App password",
	signInWith: (issuer: string) => `Sign in with ${issuer}`,
	orPassword: "or with an app password:",
	issuers: { google: "Google", microsoft: "Microsoft", yahoo: "Yahoo", aol: "AOL" } as Record<string, string>,
	browserWaiting: (issuer: string) =>
		`${issuer}’s page is open in your browser. Sign in there and come back; Malote never sees your password.`,
	browserFarewell: "You are signed in. Close this page and go back to Malote.",
	browserNo: "You did not give permission, so nothing was changed. You can try again.",
	signInAgain: "Sign in again in the browser",
	server: "Incoming server (IMAP)",
	port: "Port",
	encryption: "Encryption",
	tlsImplicit: "TLS",
	tlsStarttls: "STARTTLS",
	tlsNone: "None (this computer only)",
	userName: "User name",
	caFile: "File with your server's certificate",
	proxy: "Proxy",
	certificate: "The server's certificate",
	certificateFor: "Made out to",
	certificateBy: "Issued by",
	certificateHolds: "Valid",
	certificatePrint: "Fingerprint (SHA-256)",
	certificateFaults: {
		expired: "It has expired.",
		not_yet_valid: "It is not valid yet, or this device's clock is wrong.",
		other_name: "It was made out to another server.",
		unknown_issuer: "Nobody this device trusts issued it; the server may have made it itself.",
		revoked: "It was revoked.",
		invalid: "It is not in order.",
	} as Record<string, string>,
	certificateWarn:
		"Somebody between you and the server could show a certificate like this and read your password. Trust it only if its fingerprint is the one your server's administrator gave you.",
	certificateTrust: "Trust this certificate",
	signIn: "Sign in",
	signingIn: "Signing in…",
	notAnAddress: "That does not look like an e-mail address.",
	passwordNotKept:
		"This device has no safe place for the password. Malote will ask for it after the next start.",
	passphrase: "Passphrase",
	passphraseAgain: "The passphrase again",
	passphraseChoose: "Keep it with a passphrase",
	passphraseUnlock: "Unlock",
	passphraseShort: (n: number) => `Choose at least ${n} characters.`,
	passphraseDiffers: "The two are not the same.",
	passphraseOffer:
		"Or choose a passphrase: Malote keeps the passwords locked with it, and asks for it once after each start. Forgotten, it cannot be recovered; you would enter the passwords again.",
	passphraseLost: "I do not know it any more",
	passphraseLostSure:
		"The passwords it locks are forgotten with it, and you enter them again. Your mail stays.",
	passphraseForget: "Forget the passwords",
	passphraseChange: "Change the passphrase",
	passphraseChanged: "The passphrase was changed.",
	passphraseKept: "The passwords are kept.",
	anotherAccount: "Add an account",
	// folders
	folders: "Folders",
	inbox: "Inbox",
	flagged: "Starred",
	drafts: "Drafts",
	sent: "Sent",
	archiveBox: "Archive",
	all: "All mail",
	junkBox: "Junk",
	trashBox: "Trash",
	goneFolder: "No longer on the server; what is here is kept",
	folderActions: (name: string) => `What to do with the folder ${name}`,
	folderNew: "New folder",
	folderNewIn: (name: string) => `New folder inside ${name}`,
	folderName: "Name",
	folderCreate: "Create",
	folderRename: "Rename",
	folderEmpty: "Empty it",
	folderEmptySure: (name: string) =>
		`Everything in ${name} is deleted for good, on the server too. You have ten seconds to undo it.`,
	folderRemove: "Delete the folder",
	folderRemoveSure: (name: string) =>
		`${name} and the folders inside it are deleted. Their messages go to the Trash.`,
	labelRemoveSure: (name: string) =>
		`${name} and the folders inside it are deleted. Their messages stay in All Mail.`,
	folderSubscribe: "Subscribe",
	folderUse: "Use for",
	folderUseNone: "Nothing special",
	folderUnsubscribe: "Unsubscribe",
	unread: (count: number) => `${n(count)} unread`,
	// list
	messages,
	hereOf: (here: number, all: number) => `${n(here)} of ${n(all)} here`,
	selected: (count: number) => `${n(count)} selected`,
	selectAll: "Select all that are loaded",
	clearSelection: "Clear selection",
	select: (who: string) => `Select the message from ${who}`,
	emptyFolder: "Nothing here",
	emptyFolderMore: "This folder has no messages.",
	notFetched: "Not fetched yet",
	notFetchedMore: (count: number) =>
		`The server has ${messages(count)} here. They come as soon as there is a connection.`,
	loadFailed: "This list could not be read.",
	tryAgain: "Try again",
	search: "Search",
	closeSearch: "Close search",
	find: {
		hint: "Search mail",
		keep: "Keep this search",
		forget: "Keep it no longer",
		forgetThis: (name: string) => `Forget the search “${name}”`,
		saved: "Searches",
		suggestions: "Suggestions",
		where: "Where to search",
		everywhere: "All mail",
		not: "not",
		without: (what: string) => `Remove “${what}”`,
		names: {
			from: "From",
			to: "To",
			subject: "Subject",
			body: "Text",
			file: "File",
			in: "Folder",
			has: "With",
			is: "Is",
			before: "Before",
			after: "Since",
			larger: "Larger than",
			smaller: "Smaller than",
		} as Record<string, string>,
		values: {
			attachment: "files",
			unread: "unread",
			read: "read",
			starred: "starred",
			answered: "answered",
			draft: "draft",
			me: "me",
		} as Record<string, string>,
		/** How conditions are spelled. */
		say: { from: "from", to: "to", in: "in" },
		conditions: [
			["from:", "Sender"],
			["to:", "Recipient"],
			["subject:", "Subject"],
			["in:", "Folder"],
			["has:attachment", "With files"],
			["is:unread", "Unread"],
			["is:starred", "Starred"],
			["after:", "Since a day: 2024-05-01, 7d, 1y"],
			["before:", "Before a day"],
			["filename:", "Name or text of a file"],
			["larger:", "Larger than: 5M"],
			["in:anywhere", "Trash and junk too"],
		] as [string, string][],
		found: (count: number, more: boolean) => (more ? `More than ${n(count)} found` : `${n(count)} found`),
		covered: (accounts: number, here: number, all: number, texts: number) =>
			`searched ${here < all ? `${n(here)} of ${n(all)}` : `all ${n(all)}`} headers${accounts > 1 ? ` of ${n(accounts)} accounts` : ""}${texts < here ? `, ${n(texts)} texts` : " and all texts"}`,
		asking: (count: number) =>
			count === 1 ? "asking the server for the rest…" : `asking ${n(count)} servers for the rest…`,
		answered: (count: number) =>
			count === 1 ? "the server was asked for the rest" : `${n(count)} servers were asked for the rest`,
		failed: (count: number) =>
			count === 1 ? "a server could not be asked" : `${n(count)} servers could not be asked`,
		elsewhere: (count: number) => `${n(count)} more on the server, not here yet`,
		waiting: (count: number) => `${n(count)} still to be read in`,
		spared: "without trash and junk",
		nothing: "Nothing found",
		nothingMore: "Other words, or fewer, may help. With “in:anywhere” trash and junk are searched too.",
	},
	noSubject: "(no subject)",
	noSender: "(no sender)",
	unreadMark: "Unread",
	attachmentMark: "With attachment",
	answeredMark: "Answered",
	// actions
	archive: "Archive",
	trash: "Delete",
	deleteForever: "Delete for good",
	junk: "Junk",
	moveTo: "Move to…",
	star: "Star",
	unstar: "Remove star",
	markRead: "Mark as read",
	markUnread: "Mark as unread",
	undo: "Undo",
	refresh: "Check now",
	settings: "Settings",
	close: "Close",
	help: "Keyboard shortcuts",
	filterFolders: "Find a folder",
	done: {
		read: (count: number) => `${messages(count)} marked as read`,
		unread: (count: number) => `${messages(count)} marked as unread`,
		star: (count: number) => `${messages(count)} starred`,
		unstar: (count: number) => `Star removed from ${messages(count)}`,
		archive: (count: number) => `${messages(count)} archived`,
		trash: (count: number) => `${messages(count)} moved to Trash`,
		junk: (count: number) => `${messages(count)} moved to Junk`,
		move: (count: number, target: string) => `${messages(count)} moved to ${target}`,
		delete: (count: number) => `${messages(count)} deleted for good`,
		copy: (count: number, target: string) => `${messages(count)} copied to ${target}`,
		create: (_count: number, target: string) => `Folder ${target} created`,
		rename: (_count: number, target: string) => `Folder renamed to ${target}`,
		remove: () => "Folder deleted; its messages are in the Trash",
		empty: (_count: number, target: string) => `${target} emptied`,
		subscribe: (_count: number, target: string) => `Subscribed to ${target}`,
		use: (_count: number, target: string) => `${target}: use changed`,
		unsubscribe: (_count: number, target: string) => `No longer subscribed to ${target}`,
		insist: () => "Done your way",
	},
	undone: "Undone",
	undonePart: "Undone in part: the server had already removed some",
	nothingToUndo: "Nothing to undo",
	// reader
	conversation: {
		history: "What was said before",
		me: "me",
		count: (n: number) => `${n.toLocaleString("en")} messages`,
		more: (n: number) => `${n.toLocaleString("en")} more messages`,
		draft: "Draft",
		grouped: "Messages in the list",
		together: "Together, by conversation",
		single: "One by one",
	},
	unified: "All accounts",
	nothingOpen: "No message open",
	nothingOpenMore: "Choose one from the list, or press j.",
	manySelected: "What to do with them?",
	from: "From",
	to: "To",
	fetching: "Fetching the message…",
	fetchFailed: "This message is not on this device and could not be fetched.",
	notJunk: "Not junk",
	link: {
		title: "Where this link leads",
		says: (host: string) => `The words of the link say ${host}, but it leads elsewhere.`,
		lookalike: "The address of the link imitates another one with similar letters.",
		posing: "The link has a name in front of the address, to look like another one.",
		number: "The link leads to a number, not to a name.",
		leads: "It leads to:",
		open: "Open it all the same",
		stay: "Do not open",
	},
	danger: {
		program: "Program: it does something when it is opened.",
		disguised: "A program with the name of something else.",
		page: "Page: it can ask for passwords as if it were another.",
		macros: "May bring macros, which do something if you let them.",
		title: (name: string) => `Save ${name}?`,
		sure: "Malote does not open files like this. Save it only if you trust who sent it and expected it.",
		save: "Save it all the same",
		no: "Do not save",
	},
	saveAll: "Save all",
	source: {
		title: "Source",
		copy: "Copy",
		copied: "Copied",
		save: "Save as .eml",
		cut: "The rest is not shown here; save it to see all.",
	},
	print: "Print",
	filter: {
		title: "Filter",
		choices: [
			["Unread", "is:unread"],
			["Starred", "is:starred"],
			["With attachment", "has:attachment"],
			["To me", "to:me"],
		] as [string, string][],
	},
	trust: {
		passed: (by: string) => `Really came from this address, says ${by}`,
		failed: (address: string, by: string) =>
			`May not have come from ${address}: ${by} could not confirm it. Do not click or answer unless you are sure.`,
		posing: (name: string, address: string) => `The name says ${name}, but the message is from ${address}.`,
		lookalike: (plain: string) =>
			`The address imitates another one with similar letters: it really is ${plain}.`,
		others: (who: string) => `Claims to be written by ${who} too.`,
		answers: (to: string) => `Answers go to ${to}.`,
		sealed: {
			signed_pgp: "Signed with OpenPGP; the signature is not checked yet.",
			signed_smime: "Signed with S/MIME; the signature is not checked yet.",
			encrypted_pgp: "Encrypted with OpenPGP: Malote cannot open it yet.",
			encrypted_smime: "Encrypted with S/MIME: Malote cannot open it yet.",
		},
	},
	remote: {
		label: "Remote pictures",
		left: (n: number) =>
			`${n === 1 ? "1 picture was" : `${n.toLocaleString("en")} pictures were`} left out: fetching tells the sender that you read this.`,
		show: "Show pictures",
		always: (who: string) => `Always from ${who}`,
		fetching: "Fetching the pictures…",
		failed: (n: number) =>
			n === 1 ? "1 picture did not come." : `${n.toLocaleString("en")} pictures did not come.`,
		trackers: (names: string) => `Read tracking stopped: ${names}`,
		setting: "Pictures from elsewhere",
		ask: "Only when I want them",
		all: "Show always",
		senders: (n: number) => `Always from ${n === 1 ? "1 sender" : `${n.toLocaleString("en")} senders`}`,
	},
	attachments: (count: number) => (count === 1 ? "1 attachment" : `${n(count)} attachments`),
	save: "Save",
	open: "Open",
	fetchingOf: (here: string, size: string) => `Fetching: ${here} of ${size}`,
	notHere: "Still on the server: it is fetched when you open it",
	pin: "Keep on this device",
	unpin: "No longer keep on this device",
	pinned: "Kept on this device, with its files",
	unpinned: "Kept on this device only as long as the account’s choice says",
	savedTo: (path: string) => `Saved: ${path}`,
	messageBody: "Message",
	// state
	inStepAt: (time: string) => `In step, ${time}`,
	connecting: "Connecting…",
	working: "Updating…",
	waiting: (count: number) => (count === 1 ? "1 change not sent yet" : `${n(count)} changes not sent yet`),
	savedCopies: (time: string) => `Showing what is on this device, last in step ${time}.`,
	savedCopiesOnly: "Showing what is on this device.",
	dismiss: "Dismiss",
	decided: (count: number) =>
		count === 1
			? "One of your changes was overtaken by another device or refused by the server."
			: `${n(count)} of your changes were overtaken by other devices or refused by the server.`,
	decidedSee: "See what was decided",
	decidedTitle: "What was decided",
	decidedSeen: "All seen",
	decidedInsist: "Do it my way",
	decidedCodes: {
		moved_elsewhere: (place: string) =>
			`It had already left ${place}: another device moved or deleted it first.`,
		gone_meanwhile: (place: string) => `It was no longer in ${place}.`,
		refused: (place: string) => `The server refused this in ${place}.`,
	} as Record<string, (place: string) => string>,
	decidedWishes: {
		flag: (what: string) => `You had wanted to mark it: ${what}`,
		move: (what: string) => `You had wanted to move it to ${what}`,
		copy: (what: string) => `You had wanted to copy it to ${what}`,
		delete: () => "You had wanted to delete it for good",
	} as Record<string, (what: string) => string>,
	notices: {
		server_alert: (subject: string) => `Your mail server says: “${subject}”`,
		mailbox_gone: (subject: string, count: number) =>
			`The folder ${subject} is no longer on the server. Its ${messages(count)} on this device are kept.`,
		refused_flag: (subject: string, count: number) =>
			`The server refused a change to ${messages(count)} in ${subject}. It was undone here.`,
		refused_move: (subject: string, count: number) =>
			`The server refused to move ${messages(count)} from ${subject}. They are back there.`,
		refused_delete: (subject: string, count: number) =>
			`The server refused to delete ${messages(count)} in ${subject}. They are back there.`,
		refused_gone: (subject: string, count: number) =>
			`${subject} cannot be opened on the server, so ${n(count)} changes there were undone.`,
		refused_copy: (subject: string, count: number) =>
			`The server refused to copy ${messages(count)} from ${subject}. They are where they were.`,
		refused_append: (subject: string) =>
			`A message could not be put into ${subject}, because its text is no longer on this device.`,
		refused_create: (subject: string) =>
			`The server refused to make the folder ${subject}. Nothing was lost: what was meant for it is where it was.`,
		refused_rename: (subject: string) => `The server refused to rename ${subject}. It keeps its old name.`,
		refused_remove: (subject: string) =>
			`The server refused to delete the folder ${subject}. It is back; its messages are in the Trash.`,
		refused_subscribe: (subject: string) => `The server refused to change the subscription to ${subject}.`,
		refused_empty: (subject: string) => `The server refused to empty ${subject}. Its messages are back.`,
		moved_elsewhere: (subject: string, count: number) =>
			`Another device had already moved or deleted ${messages(count)} from ${subject}. Its decision stands.`,
		storage_damaged: () =>
			"Some of the data on this device is damaged. What you have not sent yet is safe. Close Malote and open it again: it repairs itself.",
		storage_salvaged: (subject: string, count: number) =>
			`The data on this device was damaged and has been made anew: ${n(count)} unsent changes were kept, and your mail is being fetched again. The damaged files are in ${subject}.`,
		send_refused: (s: string) =>
			`“${s}” was not sent: the server does not want it. It is kept in the outbox, with the reason.`,
		bounced: (s: string) =>
			`“${s}” did not reach everybody it was sent to. Open it in Sent to see who, and why.`,
		send_unknown: (s: string) =>
			`The line broke in the very moment “${s}” left, so it may have arrived or not. It is kept in the outbox and is not sent again by itself.`,
		sending_off: (s: string) =>
			`${s} does not let mail apps send for this account; receiving works. Ask whoever runs it to allow “Authenticated SMTP” for your mailbox.`,
		sending_refused: (s: string) =>
			`${s} did not accept the user name or the password for sending; receiving works. Some providers want an app password for it. Look at the account in the settings.`,
		gone_meanwhile: (subject: string, count: number) =>
			`${n(count)} changes in ${subject} were for messages that are no longer on the server.`,
	} as Record<string, (subject: string, count: number) => string>,
	// settings
	language: "Language",
	theme: "Appearance",
	density: "List density",
	auto: "Like the system",
	light: "Light",
	dark: "Dark",
	compact: "Compact",
	standard: "Standard",
	relaxed: "Relaxed",
	accounts: "Accounts",
	keep: "Keep on this device",
	keepAsAccount: (choice: string) => `As the account: ${choice}`,
	keepChoice: (keep: string) =>
		keep === "all"
			? "Everything"
			: keep === "headers"
				? "Only the list; messages when opened"
				: `Whole messages of the last ${keep.replace("d", "")} days`,
	budget: "Receive at most, a day (MB)",
	budgetUp: "Send at most, a day (MB)",
	budgetNone: "no limit",
	today: (down: string, up: string) => `Today: ${down} received, ${up} sent`,
	spent:
		"Almost all that the provider allows for today has been used. New mail and what you open still come; the rest comes tomorrow.",
	draftsWait:
		"Almost all that may be sent today has been sent. Messages still leave; what you are writing stays on this device and reaches the others tomorrow.",
	spentShort: "The rest comes tomorrow",
	traffic: (down: string, up: string) => `In 30 days: ${down} received, ${up} sent`,
	pauseAccount: "Pause",
	resumeAccount: "Resume",
	paused: "Paused",
	moveUp: (account: string) => `Move ${account} up`,
	changeAccount: "Servers and name",
	saveChanges: "Save",
	changesSaved: "Saved",
	identities: "Other addresses you write as",
	identitiesHint: "One in each line, such as Ana Souza <ana@example.com>",
	trusted: "You trust one certificate of this server all the same:",
	trustNoMore: "Trust it no more",
	removeAccount: "Remove from this device",
	removeAccountSure: (pop3: boolean): string =>
		pop3
			? "Remove this account from this device? The server is not touched. But mail that is no longer there, and everything filed here, will be lost."
			: "Remove this account from this device? Everything stays on the server. Changes that have not been sent yet will be lost.",
	remove: "Remove",
	cancel: "Cancel",
	newPassword: "Enter the password again",
	// keys
	keys: {
		next: "Next message",
		previous: "Previous message",
		open: "Open",
		back: "Back to the list",
		compose: "Write",
		reply: "Reply",
		replyAll: "Reply to all",
		forward: "Forward",
		archive: "Archive",
		trash: "Delete",
		junk: "Junk",
		star: "Star",
		read: "Read or unread",
		select: "Select",
		move: "Move to a folder",
		undo: "Undo",
		search: "Search",
		inbox: "Go to the inbox",
		refresh: "Check now",
		help: "This list",
	},
	// writing
	compose: {
		write: "Write",
		title: "New message",
		reply: "Reply",
		replyAll: "Reply to all",
		forward: "Forward",
		answers: "Answer or pass on",
		cc: "Cc",
		bcc: "Bcc",
		subject: "Subject",
		date: "Date",
		text: "Message",
		send: "Send",
		later: "Send later",
		attach: "Attach files",
		discard: "Discard the draft",
		discarded: "Draft discarded",
		close: "Close; the draft is kept",
		minimise: "Minimise",
		restore: "Restore",
		enlarge: "Enlarge",
		dock: "Make smaller",
		popOut: "Open in its own window",
		saving: "Saving…",
		saved: "Draft saved",
		sending: (seconds: number) => `It leaves in ${seconds} seconds`,
		undoFor: "Take back what was sent, for",
		undoSeconds: (count: number) => `${count} seconds`,
		signatureOf: (address: string) => `Signature of ${address}`,
		signatureHint: "What stands under your messages",
		willSend: (when: string) => `Leaves ${when}`,
		sendAnyway: "Send anyway",
		others: (count: number) =>
			count === 1
				? "Another device wrote on from the same draft. Both versions are in Drafts: nothing was overwritten."
				: `Other devices wrote on from the same draft. All ${n(count + 1)} versions are in Drafts: nothing was overwritten.`,
		large: (size: string) =>
			`${size} in files. Many servers take no more than 25 MB; if one refuses, the message stays here.`,
		doubts: {
			nobody: "Nobody is named to send it to.",
			address: "The recipient in red is no address. Correct it, or take it out.",
			attachment: "You mention an attachment, and there is none.",
			subject: "There is no subject.",
		},
		removePerson: (who: string) => `Take out ${who}`,
		removeFile: (name: string) => `Take out ${name}`,
		files: "Attached files",
		format: "Format",
		bold: "Bold",
		italic: "Italic",
		underline: "Underline",
		bullets: "Bulleted list",
		numbers: "Numbered list",
		quote: "Quote",
		link: "Link",
		linkTo: "Address of the link",
		linkOk: "Link",
		picture: "Picture in the text",
		plain: "Remove the format",
		times: { evening: "This evening", tomorrow: "Tomorrow morning", monday: "Monday morning" },
		ownTime: "Another time",
		wrote: (date: string, who: string) => `On ${date}, ${who} wrote:`,
		forwarded: "---------- Forwarded message ----------",
		options: "More for this message",
		importance: "Importance",
		importances: { low: "Low", normal: "Normal", high: "High" },
		receipt: "Ask whoever reads it to confirm",
		report: "Ask the servers to confirm the delivery",
		onlyTls: "Never send it on without encryption",
		onlyTlsMeans: "If a server on the way cannot promise that, it comes back.",
		plainOnly: "As plain text, without formatting",
		templates: "Templates and groups",
		templateUse: (name: string) => `Put in “${name}”`,
		templateKeep: "Keep this text as a template",
		templateName: "Name to keep it by",
		groupUse: (name: string, count: number) => `Write to “${name}” (${n(count)})`,
		groupKeep: "Keep the recipients as a group",
		groupDrop: (name: string) => `Delete the group “${name}”`,
		templateDrop: (name: string) => `Delete the template “${name}”`,
		smaller: (now: string) => `Make the pictures smaller (${now} now)`,
		smallerDone: (then: string) =>
			`The pictures are ${then} now; where they were taken is no longer in them.`,
		quoteShow: "Show what is quoted",
		quoteDrop: "Leave out what is quoted",
		more: "More",
		attachForward: "Forward as a file",
		redirect: "Redirect…",
		redirectMeans: "It goes on as it is: its author stays its author, and answers go to them.",
		redirected: (seconds: number) => `It is passed on in ${seconds} seconds`,
		again: "Edit as a new message",
	},
	list: {
		through: (name: string) => `Mailing list: ${name}`,
		nameless: "Mailing list",
		leave: "Unsubscribe",
		sure: (to: string, how: string) =>
			how === "mail"
				? `A message that asks to be taken off the list is sent to ${to}.`
				: `${to} is told over an encrypted connection that you leave the list. Nothing else is sent, and no page opens.`,
		page: (to: string) =>
			`This list can only be left on its page at ${to}, which opens in your browser and may recognise you by the link.`,
		openPage: "Open the page",
		left: "The list has been told. It may take a few days to stop.",
	},
	reports: {
		title: "What became of it",
		failed: (to: string) => `Did not arrive at ${to}.`,
		delayed: (to: string) => `Not yet at ${to}: the server goes on trying.`,
		delivered: (to: string) => `Delivered to ${to}.`,
		relayed: (to: string) => `Passed on towards ${to}; whether it arrives will not be said.`,
		expanded: (to: string) => `Delivered to the list ${to}.`,
		displayed: (to: string) => `${to} confirmed having read it.`,
	} as Record<string, string | ((to: string) => string)>,
	outbox: {
		title: "Outbox",
		empty: "Everything has left.",
		underWay: "It is being sent just now.",
		waits: "It waits for the server.",
		waitsUntil: (when: string) => `It leaves ${when}.`,
		unknown:
			"It may have arrived or not: the connection ended before the server’s answer. It is not sent again by itself, so that nobody gets it twice.",
		refused: "The server did not take it.",
		arrived: "It arrived",
		again: "Send again",
		edit: "Take back and edit",
		withdraw: "Delete",
	},
	errors: {
		sign_in_refused: (s: string) =>
			`${s} refused the user name or password. Your mail here is untouched. Check them and try again.`,
		secret_missing: () =>
			"No password is kept for this account. Your mail here is untouched. Enter it again.",
		secret_store: () =>
			"This system's password store is locked or missing. Nothing was changed. Unlock it and try again.",
		locked: () =>
			"Your passwords are locked with your passphrase. Your mail here is untouched. Enter it to connect.",
		passphrase_wrong: () => "That is not the passphrase. Nothing was changed. Try again.",
		submission_off: (s: string) =>
			`${s} does not let mail apps send for this account. Receiving works, and nothing was sent. Ask whoever runs it to allow “Authenticated SMTP” for your mailbox.`,
		password_command: () =>
			"The password command failed. Your mail here is untouched. Run it by hand to see why.",
		host_unknown: (s: string) =>
			`No server is known by the name ${s}. Your mail here is untouched. Check the name or the network.`,
		unreachable: (s: string) =>
			`Nothing answers at ${s}. Your mail here is untouched. Check the port, or try later.`,
		connection_lost: () =>
			"The connection was cut. What had arrived is kept and nothing is lost. Malote tries again by itself.",
		timeout: () =>
			"The server stopped answering. What had arrived is kept and nothing is lost. Malote tries again by itself.",
		certificate: (s: string) =>
			`The certificate of ${s} is not trusted, so no password was sent. Look at it before you go on.`,
		no_tls: (s: string) =>
			`${s} offers no encryption there, so no password was sent. Check the port and the encryption.`,
		protocol: () =>
			"The server's answer makes no sense. Your mail here is untouched. Malote tries again later.",
		refused: (s: string) => `The server refused: ${s}. Your mail here is untouched.`,
		password_expired: (s: string) =>
			`${s} says that the password has run out. Your mail here is untouched. Choose a new one with your provider and enter it here.`,
		proxy: (s: string) =>
			`The proxy ${s} cannot be reached or refuses the way. Nothing was sent beside it. Check it, or try later.`,
		busy: (s: string) => `${s} is busy. Nothing was lost. Malote tries again by itself.`,
		too_many_connections: (s: string) =>
			`${s} allows no more connections for this account. Nothing was lost. Malote goes on with fewer.`,
		not_permitted: (s: string) =>
			`You may not do this in ${s}. Nothing was changed. Ask whoever shares it with you.`,
		no_promise: (s: string) =>
			`${s} cannot promise encryption all the way, which you asked for. The message was not sent and is kept here. Take it back and send it without that wish, or through another account.`,
		no_foreign_letters: (s: string) =>
			`Your server cannot write to ${s}: it takes plain letters only. The message was not sent and is kept here. Use another address, or another account.`,
		no_submission: (s: string) =>
			`The account ${s} has no server for sending yet. Nothing is lost, and what you wrote stays here. Enter one under Settings, Accounts.`,
		file_unreadable: (s: string) =>
			`The file ${s} cannot be read, so it was not attached. Everything else is as it was. Check that it is still there.`,
		file_dangerous: (s: string) =>
			`${s} does something when it is opened, so it was not. Save it, if you trust who sent it.`,
		file_too_large: (s: string) =>
			`${s} has more than 100 MB, and no mail server takes that. It was not attached. Send a link to it instead.`,
		already_exists: (s: string) => `There is a folder ${s} already. Nothing was changed.`,
		contact_admin: (s: string) =>
			`${s} sends you to the people who run it. Your mail here is untouched. Ask your provider's support.`,
		too_large: (s: string) => `The message is larger than ${s} takes. It is kept here. Make it smaller.`,
		over_quota: () => "Your mailbox on the server is full. Nothing was lost. Make room there.",
		mailbox_gone: (s: string) => `The folder ${s} is not on the server. What is on this device is kept.`,
		disk_full: () => "This device's disk is full. What was here is safe. Make room and try again.",
		storage_damaged: () =>
			"The data on this device is damaged. Your mail on the server and what you have not sent yet are safe. Close Malote and open it again: it repairs itself.",
		storage_lost: () =>
			"The data on this device cannot be read, nor can its spare copy. Nothing was touched, and your mail on the server is safe.",
		storage_newer: () =>
			"A newer Malote wrote the data on this device. It is left untouched. Update this one.",
		storage_busy: () => "Another Malote is using this data. Nothing was changed. Close it and try again.",
		storage: () => "This device's storage failed. Nothing was changed. Check the disk and try again.",
		not_found: () => "It is not here any more.",
		usage: (s: string) => `That cannot be used: ${s}`,
		cancelled: () => "It was cancelled.",
		paused: () => "This account is paused. Your mail here is untouched. Resume it in the settings.",
		consent_needed: () =>
			"The provider wants you to sign in again. Your mail here is untouched, and what waits goes out afterwards.",
		token_refused: () =>
			"The provider gave no permission to sign in. Nothing was changed. Try again later, or use an app password.",
	} as Record<string, (subject: string) => string>,
};

export type Texts = typeof en;
