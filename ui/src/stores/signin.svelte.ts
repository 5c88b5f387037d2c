import { asError, type Certificate, call, type Endpoint, type FoundServers, type Protocol } from "../backend";
import { i18n } from "../i18n/index.svelte";
import { throughBrowser } from "./browser";
import { session } from "./session.svelte";

const usual = { imap: 993, pop3: 995 };

/** Adding an account, step by step: the address, what was found for it, the browser where the provider wants that. */
export class SignIn {
	step = $state<"address" | "found" | "browser">("address");
	address = $state("");
	found = $state.raw<FoundServers | null>(null);
	protocol = $state<Protocol>("imap");
	imap = $state<Endpoint>({ host: "", port: usual.imap, tls: "implicit" });
	pop3 = $state<Endpoint>({ host: "", port: usual.pop3, tls: "implicit" });
	smtp = $state<Endpoint>({ host: "", port: 465, tls: "implicit" });
	user = $state("");
	name = $state("");
	password = $state("");
	caFile = $state("");
	proxy = $state("");
	leave = $state("always");
	busy = $state(false);
	wrong = $state("");
	certificate = $state<Certificate | null>(null);
	private pin = "";
	private grant = "";
	private visit = "";

	incoming = $derived(this.protocol === "imap" ? this.imap : this.pop3);
	/** Who issues tokens for it, if anybody does. */
	issuer = $derived(this.found?.sign_in.find((way) => way !== "password") ?? "");
	takesPassword = $derived(!this.found?.sign_in.length || this.found.sign_in.includes("password"));
	/** Nothing can be signed in to: the provider has neither IMAP nor POP3, or none that is encrypted. */
	closed = $derived(!!this.found && !this.found.imap && !this.found.pop3);

	async find() {
		this.wrong = "";
		this.busy = true;
		try {
			const found = await call("find_servers", { address: this.address, proxy: this.proxy });
			if (found) this.take(found);
			else this.wrong = i18n.t.notAnAddress;
		} catch (thrown) {
			this.wrong = session.wordsOf(thrown);
		}
		this.busy = false;
	}

	private take(found: FoundServers) {
		const domain = this.address.split("@").pop() ?? "";
		this.found = found;
		this.imap = found.imap ?? { host: `imap.${domain}`, port: usual.imap, tls: "implicit" };
		this.pop3 = found.pop3 ?? { host: `pop.${domain}`, port: usual.pop3, tls: "implicit" };
		this.smtp = found.smtp ?? { host: "", port: 465, tls: "implicit" };
		this.protocol = found.imap || !found.pop3 ? "imap" : "pop3";
		this.user = found.user;
		this.password = "";
		this.step = "found";
	}

	back() {
		this.step = "address";
		this.wrong = "";
		this.certificate = null;
	}

	/** Signs in with what is known. */
	async finish() {
		this.busy = true;
		this.wrong = "";
		this.certificate = null;
		const whole = (e: Endpoint) => ({ ...e, port: Number(e.port) });
		try {
			await session.signIn({
				address: this.address,
				name: this.name,
				user: this.user,
				protocol: this.protocol,
				incoming: whole(this.incoming),
				smtp: this.smtp.host ? whole(this.smtp) : null,
				password: this.password,
				grant: this.grant,
				password_command: "",
				ca_file: this.caFile,
				pin: this.pin,
				proxy: this.proxy,
				keep: "",
				leave: this.protocol === "pop3" ? this.leave : "",
				size_limit: 0,
			});
		} catch (thrown) {
			this.wrong = session.wordsOf(thrown);
			this.certificate = session.certificateOf(thrown);
		}
		this.busy = false;
	}

	/** The user has looked at it and chose so. */
	trust() {
		this.pin = this.certificate?.fingerprint ?? "";
		void this.finish();
	}

	/** Signs in at the provider's own page. */
	async browser() {
		this.wrong = "";
		if (!this.grant) {
			this.step = "browser";
			try {
				this.grant = await throughBrowser(this.issuer, this.address, this.proxy, (id) => (this.visit = id));
			} catch (thrown) {
				const error = asError(thrown);
				if (this.step === "browser" && error.code !== "cancelled") this.wrong = session.words(error);
				else if (this.step === "browser") this.wrong = i18n.t.browserNo;
			}
			this.step = "found";
		}
		if (this.grant) await this.finish();
	}

	/** The user does not want to go to the browser any more. */
	cancelBrowser() {
		this.step = "found";
		void call("browser_cancel", { id: this.visit });
	}
}
