#!/usr/bin/env bash
# Two Malotes on one account. Where there is no display, in a virtual one, with pictures in target/demo/.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "$(uname -s)" = Darwin ]; then
	exec node tests/e2e/demo.mjs
fi
echo "demo: no display here, so it runs in a virtual one"
exec xvfb-run -a -s "-screen 0 1920x1200x24" dbus-run-session -- node tests/e2e/demo.mjs --drive
