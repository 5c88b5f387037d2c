/** The element's own modal mode keeps focus inside and gives it back afterwards. For `{@attach modal}`. */
export function modal(dialog: HTMLDialogElement) {
	dialog.showModal();
	return () => dialog.close();
}
