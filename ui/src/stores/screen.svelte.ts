/** What lies over the mail: drawer, dialogs, search. */
class Screen {
	drawer = $state(false);
	dialog = $state<"none" | "help" | "settings" | "move" | "folder" | "decisions" | "outbox">("none");
	/** What the folder dialog is about: a folder, or an account that gets one. */
	folder = $state<{ mailbox?: string; account: string }>({ account: "" });
	searching = $state(false);

	/** Closes the topmost thing; false when there is none. */
	back(): boolean {
		if (this.dialog !== "none") this.dialog = "none";
		else if (this.drawer) this.drawer = false;
		else return false;
		return true;
	}
}

export const screen = new Screen();
