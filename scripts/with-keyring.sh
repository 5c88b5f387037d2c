#!/usr/bin/env bash
# Runs a command with an unlocked secret store of its own, inside a D-Bus session of its own; both end with it.
set -euo pipefail
dir=$(mktemp -d)
export XDG_DATA_HOME="$dir" XDG_RUNTIME_DIR="$dir/run"
mkdir -m 700 "$XDG_RUNTIME_DIR"
printf 'test-keyring' | gnome-keyring-daemon --unlock --components=secrets >"$dir/env" 2>/dev/null
pid=$(pgrep -n -u "$(id -u)" -f 'gnome-keyring-daemon --unlock --components=secrets' || true)
trap '[ -n "$pid" ] && kill "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
"$@"
