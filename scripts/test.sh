#!/usr/bin/env bash
# Everything that CI runs, the quick checks first. `make test` has built what this needs.
set -euo pipefail
cd "$(dirname "$0")/.."
begun=$SECONDS
step() { printf '\n== %s (%d s)\n' "$*" $((SECONDS - begun)); }

step "format and lints"
cargo fmt --all --check
cargo clippy-all -q --all-targets -- -D warnings
npm run --silent lint
npm run --silent check -w ui

step "unit and property tests"
cargo test-all -q --lib --bins --test layering
npm run --silent test -w ui

step "real servers, lying servers, other devices, kill -9"
scripts/integration.sh

step "the screens in a browser"
node --test --test-concurrency=1 tests/e2e/screens.mjs tests/e2e/reading.mjs tests/e2e/writing.mjs tests/e2e/hostile.mjs

step "the app's own window"
xvfb-run -a -s "-screen 0 1920x1300x24" dbus-run-session -- bash scripts/with-keyring.sh node --test --test-concurrency=1 \
	tests/e2e/window.mjs tests/e2e/windows.mjs tests/e2e/hostile_window.mjs tests/e2e/accounts.mjs tests/e2e/compose.mjs

step "the demo"
env -u DISPLAY -u WAYLAND_DISPLAY scripts/demo.sh
step "all passed"
