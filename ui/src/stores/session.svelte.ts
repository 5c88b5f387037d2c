import {
	type AccountChange,
	type AccountState,
	type AccountView,
	asError,
	type Certificate,
	call,
	type DecisionView,
	type ErrorView,
	type Identity,
	listen,
	type MailboxView,
	type NewAccount,
	type NoticeView,
	type Role,
} from "../backend";
import { i18n } from "../i18n/index.svelte";
import { throughBrowser } from "./browser";
import { links } from "./links.svelte";
import { list, UNIFIED } from "./list.svelte";
import { look } from "./look.svelte";
import { outbox } from "./outbox.svelte";
import { reader } from "./reader.svelte";
import { remote } from "./remote.svelte";
import { search } from "./search.svelte";
import { writing } from "./writing.svelte";

/** What several accounts have each, and can be shown as one. */
const UNITED: Role[] = ["inbox", "drafts", "sent"];

/** Accounts, folders, what they are doing: what the core knows, read anew whenever it says so. */
class Session {
	phase = $state<"starting" | "welcome" | "mail" | "broken">("starting");
	fatal = $state<ErrorView | null>(null);
	accounts = $state.raw<AccountView[]>([]);
	mailboxes = $state.raw<MailboxView[]>([]);
	states = $state.raw<AccountState[]>([]);
	notices = $state.raw<NoticeView[]>([]);
	decisions = $state.raw<DecisionView[]>([]);
	/** True while an account is being added beside others. */
	adding = $state(false);
	passwordLost = $state(false);
	/** A passphrase locks the secrets of this device. */
	hasPassphrase = $state(false);

	/** Of several accounts what is shown as one. */
	unified = $derived(this.accounts.length > 1 ? UNITED.map((role) => this.unite(role)) : []);
	current = $derived([...this.mailboxes, ...this.unified].find((m) => m.id === list.mailbox));
	failing = $derived(this.states.find((s) => s.phase === "failed"));
	waiting = $derived(this.accounts.reduce((sum, a) => sum + a.waiting, 0));

	/** Everybody that the user can write as. */
	senders = $derived(
		this.accounts.flatMap((a) =>
			[{ name: a.name, address: a.address }, ...a.identities].map((i) => ({ account: a.id, ...i })),
		),
	);

	async start() {
		try {
			await listen((event) => {
				switch (event.event) {
					case "accounts":
						void this.readAccounts();
						break;
					case "mailboxes":
						void this.readMailboxes();
						void reader.refresh();
						break;
					case "states":
						this.states = event.states;
						break;
					case "notices":
						void this.readNotices();
						break;
					case "outbox":
						void outbox.read();
						break;
					case "window":
						list.apply(event);
						break;
					case "searched":
						search.heard(event.window, event.covered);
						break;
					case "message":
						reader.arrived(event.message);
						break;
					case "message_coming":
						reader.progress(event.message, event.here, event.size);
						break;
					case "message_failed":
						reader.failed(event.message, event.error);
						break;
					case "reload":
						void this.readAll();
						list.reload();
						break;
				}
			});
			document.addEventListener("visibilitychange", () => {
				void call("shown", { visible: document.visibilityState === "visible" });
			});
			links.begin();
			addEventListener("online", () => void call("network_changed", {}));
			await look.start();
			await Promise.all([this.readAll(), search.readSaved(), remote.read()]);
			this.phase = this.accounts.length ? "mail" : "welcome";
		} catch (thrown) {
			this.fatal = asError(thrown);
			this.phase = "broken";
		}
	}

	/** For a window that only writes: who can write, and how it looks. */
	async startWriting() {
		try {
			await listen((event) => {
				if (event.event === "accounts") void this.readAccounts();
			});
			await look.start();
			await this.readAccounts();
			this.phase = "mail";
		} catch (thrown) {
			this.fatal = asError(thrown);
			this.phase = "broken";
		}
	}

	async readAll() {
		await Promise.all([this.readAccounts(), this.readMailboxes(), this.readNotices(), outbox.read()]);
		this.states = await call("states", {});
		this.hasPassphrase = (await call("passphrase_state", {})).set;
	}

	private async readAccounts() {
		this.accounts = await call("accounts", {});
		await writing.read(this.senders.map((s) => s.address));
		if (this.phase === "mail" && !this.accounts.length) this.phase = "welcome";
	}

	private async readMailboxes() {
		this.mailboxes = await call("mailboxes", {});
		// The first folder that appears after signing in is the inbox.
		if (!list.mailbox || !this.current) {
			const inbox = this.mailboxes.find((m) => m.role === "inbox");
			if (inbox) list.open(inbox.id);
		}
	}

	private async readNotices() {
		[this.notices, this.decisions] = await Promise.all([call("notices", {}), call("decisions", {})]);
	}

	/** Signs in and shows the inbox; a failure is thrown as an `ErrorView`. */
	async signIn(account: NewAccount) {
		const added = await call("account_add", { new: account });
		this.passwordLost = !added.password_kept;
		await this.readAll();
		this.adding = false;
		this.phase = "mail";
	}

	/** Another password for an account; the sentence for what went wrong, if anything did. */
	async newPassword(id: string, password: string): Promise<string> {
		try {
			this.passwordLost = !(await call("account_password", { id, password })).password_kept;
			return "";
		} catch (thrown) {
			return this.words(asError(thrown));
		}
	}

	/** Locks the secrets of this device with a passphrase from now on; the sentence for what went wrong, if anything did. */
	async choosePassphrase(passphrase: string): Promise<string> {
		try {
			await call("passphrase_set", { passphrase });
			[this.passwordLost, this.hasPassphrase] = [false, true];
			return "";
		} catch (thrown) {
			return this.words(asError(thrown));
		}
	}

	/** The user does not know the passphrase any more: the passwords go with it. */
	forgetPassphrase() {
		void call("passphrase_forget", {});
		this.hasPassphrase = false;
	}

	/** Opens the secrets with the passphrase; the sentence for what went wrong, if anything did. */
	async unlock(passphrase: string): Promise<string> {
		try {
			await call("passphrase_unlock", { passphrase });
			return "";
		} catch (thrown) {
			return this.words(asError(thrown));
		}
	}

	remove(id: string) {
		void call("account_remove", { id });
	}

	/** How much of an account's mail, or of one folder's, stays on this device. */
	keep(account: string, keep: string) {
		void call("account_keep", { id: account, keep });
	}

	keepFolder(mailbox: string, keep: string) {
		void call("folder_keep", { mailbox, keep });
	}

	/** How many megabytes an account may receive and send in a day; 0 = as many as it likes. */
	budget(account: AccountView, down: number, up: number) {
		void call("account_budget", { id: account.id, down, up });
	}

	checkNow() {
		void call("check_now", {});
	}

	dismiss(notice: string) {
		void call("notice_dismiss", { id: notice });
	}

	/** No connection for an account for now, or one again. */
	pause(id: string, paused: boolean) {
		void call("account_pause", { id, paused });
	}

	/** Shows an account one place further up. */
	moveUp(id: string) {
		const ids = this.accounts.map((a) => a.id);
		const at = ids.indexOf(id);
		if (at < 1) return;
		ids.splice(at - 1, 0, ...ids.splice(at, 1));
		void call("account_order", { ids });
	}

	/** POP3: what stays on the server, and from how many megabytes on only the header comes. */
	leave(id: string, leave: string, sizeLimit: number) {
		void call("account_leave", { id, leave, size_limit: sizeLimit });
	}

	/** Other servers, user name or name for an account; the sentence for what went wrong, if anything did. */
	async change(id: string, change: AccountChange, identities: Identity[]): Promise<string> {
		try {
			await call("account_change", { id, change });
			await call("account_identities", { id, identities });
			return "";
		} catch (thrown) {
			return this.words(asError(thrown));
		}
	}

	/** Signs in again at the provider's page; the sentence for what went wrong, if anything did. */
	async signInAgain(account: AccountView): Promise<string> {
		try {
			const grant = await throughBrowser(account.issuer, account.address, "", () => {});
			this.passwordLost = !(await call("account_grant", { id: account.id, grant })).password_kept;
			return "";
		} catch (thrown) {
			const error = asError(thrown);
			return error.code === "cancelled" ? i18n.t.browserNo : this.words(error);
		}
	}

	/** The user has seen what was decided. */
	decisionsSeen() {
		void call("decisions_seen", {});
	}

	/** The folders of all accounts that are for this, as one. */
	private unite(role: Role): MailboxView {
		const all = this.mailboxes.filter((m) => m.role === role);
		const sum = (of: (m: MailboxView) => number) => all.reduce((n, m) => n + of(m), 0);
		return {
			id: UNIFIED + role,
			account: "",
			name: "",
			path: "",
			delimiter: "",
			role,
			depth: 0,
			selectable: all.length > 0,
			subscribed: true,
			gone: false,
			total: sum((m) => m.total),
			unread: sum((m) => m.unread),
			missing: sum((m) => m.missing),
			on_server: sum((m) => m.on_server),
			keep: "",
			checked: Math.min(...all.map((m) => m.checked)),
			label: false,
		};
	}

	/** How a folder is called: by what it is for, else by its name. */
	label(mailbox: MailboxView | undefined): string {
		return mailbox ? (this.roleName(mailbox.role) ?? mailbox.name) : "";
	}

	/** How people call what a folder is for. */
	roleName(role: Role | null): string | null {
		const t = i18n.t;
		switch (role) {
			case "inbox":
				return t.inbox;
			case "flagged":
				return t.flagged;
			case "drafts":
				return t.drafts;
			case "sent":
				return t.sent;
			case "archive":
				return t.archiveBox;
			case "all":
				return t.all;
			case "junk":
				return t.junkBox;
			case "trash":
				return t.trashBox;
			default:
				return null;
		}
	}

	/** The certificate that was not trusted, where that was it. */
	certificateOf(thrown: unknown): Certificate | null {
		return asError(thrown).certificate;
	}

	/** Trusts this very certificate of an account's server from now on; none any more without one. */
	trust(id: string, certificate: Certificate | null) {
		void call("account_trust", { id, fingerprint: certificate?.fingerprint ?? "" });
	}

	/** Whatever was thrown, in words. */
	wordsOf(thrown: unknown): string {
		return this.words(asError(thrown));
	}

	/** An error in words. */
	words(error: ErrorView | null | undefined): string {
		if (!error) return "";
		const text = i18n.t.errors[error.code] ?? i18n.t.errors.storage;
		return text ? text(error.subject) : error.code;
	}
}

export const session = new Session();
