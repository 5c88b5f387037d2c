#!/usr/bin/env bash
# Breaks the merge on purpose, in a copy of the sources, and insists that the simulation sees it each time.
set -euo pipefail
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r Cargo.toml Cargo.lock core tests src-tauri "$copy/"
# A target directory of its own: cargo takes the copy for this workspace, and would leave broken builds in ours.
export CARGO_TARGET_DIR=$PWD/target/mutants MALOTE_TIER=${MALOTE_TIER:-qresync} MALOTE_SEEDS=12

mutant() { # name, file, what, instead
	cp "$2" "$copy/$2"
	python3 - "$copy/$2" "$3" "$4" <<-'END'
		import sys
		path, what, instead = sys.argv[1:]
		text = open(path).read()
		assert text.count(what) == 1, f"{what!r} is there {text.count(what)} times"
		open(path, "w").write(text.replace(what, instead))
	END
	(cd "$copy" && cargo test -q -p malote-tests --test simulation --no-run)
	if (cd "$copy" && cargo test -q -p malote-tests --test simulation -- --nocapture) >"$copy/log" 2>&1; then
		echo "mutants: NOT SEEN: $1"
		exit 1
	fi
	grep -q "went wrong" "$copy/log" || { tail -20 "$copy/log"; echo "mutants: it failed for another reason: $1"; exit 1; }
	echo "mutants: seen: $1 ($(grep -m1 -o '[0-9]* of [0-9]* went wrong' "$copy/log"))"
	cp "$2" "$copy/$2"
}

mutant "the server's flags win over what the user asked for" core/src/sync/merge.rs \
	"waiting.iter().fold(base.clone(), |flags, change| flags.with(change))" "{ let _ = waiting; base.clone() }"
mutant "a move that may have happened is taken for one that did not" core/src/sync/settle.rs \
	"let arrived = awaited.as_ref().is_some_and(|p| p.uid > 0);" "let arrived = false && awaited.is_some();"
mutant "what is missing from an answer is believed to be gone" core/src/sync/headers.rs \
	"if !unanswered.is_empty() && !session.still_there(&unanswered).await?.is_empty() {" "if unanswered.len() > 1_000_000 {"
