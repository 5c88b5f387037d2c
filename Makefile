# The two that a newcomer needs: `make demo` and `make test`. Both install what is missing first.
.PHONY: demo test setup run check ui app gen shots newsletters bench simulate weather mutants fuzz payloads

CARGO := cargo

setup:
	@scripts/setup.sh

## The screens, built.
ui: setup
	@npm run --silent build -w ui -- --logLevel warn

## Every payload of the corpora in Chromium and in the app's window; `make test` takes each twentieth.
payloads: app
	MALOTE_EVERY=1 node --test tests/e2e/hostile.mjs
	xvfb-run -a -s "-screen 0 1920x1300x24" dbus-run-session -- bash scripts/with-keyring.sh \
		env MALOTE_EVERY=1 node --test tests/e2e/hostile_window.mjs

## The app with its screens inside, the command line, the throw-away servers and the bridge: built together, so that each is built once.
app: ui
	$(CARGO) build-all --bins

## A mail server with a sample mailbox, and Malote twice on it: a laptop and a phone.
demo: app
	@scripts/demo.sh

## Everything that CI runs.
test: app
	@scripts/test.sh

## Format, lints and unit tests: under two minutes once built.
check: ui
	$(CARGO) fmt --all --check
	$(CARGO) clippy-all --all-targets -- -D warnings
	$(CARGO) test-all --lib --bins --test layering
	npm run --silent lint
	npm run --silent check -w ui
	npm run --silent test -w ui

## The app on your own account.
run: app
	target/debug/malote-app

## ui/src/backend/contract.ts from core/src/api/contract.rs.
gen:
	MALOTE_GEN=1 $(CARGO) test -q -p malote-core --lib contract

## Pictures of every screen, size and theme in target/shots.
shots: app
	node tests/e2e/shots.mjs target/shots

## Pictures of real newsletters, phone and laptop, light and dark, in target/shots/newsletters; WORD to choose. Where they lie beside us.
newsletters: app
	node tests/e2e/newsletters.mjs $(WORD)

## Ours beside the floor and mbsync (where it is installed) in one run, as ratios. ROWS=headers|first|sync|pop3|push, COUNT=messages.
bench: setup
	$(CARGO) build --release -p malote-core -p malote-tests --features malote-core/cli --bin malote --bin bench
	$${CARGO_TARGET_DIR:-target}/release/bench

## A disk that fails at every write; the simulation, every crash and every fault, and for longer: SEEDS runs of three devices at random (60), beginning with SEED (1).
simulate: app
	MALOTE_EVERY=1 $(CARGO) test-all --test disk
	MALOTE_EVERY=1 MALOTE_SEEDS=$(or $(SEEDS),60) MALOTE_SEED=$(or $(SEED),1) $(CARGO) test-all --test simulation -- --nocapture

## Three devices and two other clients in bad weather on Dovecot and Cyrus: SEEDS runs (10) of STEPS deeds (5000); with SAME=1 all
## work on the same folders.
weather: ui
	$(if $(SAME),MALOTE_SAME=1) MALOTE_SEEDS=$(or $(SEEDS),10) MALOTE_SEED=$(or $(SEED),1) MALOTE_STEPS=$(or $(STEPS),5000) \
		$(CARGO) test-all --test weather -- --nocapture

## Breaks the merge on purpose in three ways, one after the other, and insists that the simulation sees it.
mutants:
	@scripts/mutants.sh

## Coverage-guided fuzzing of the wire; FUZZ_SECONDS for each target (60), TARGETS to choose.
fuzz:
	@scripts/fuzz.sh
