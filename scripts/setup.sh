#!/usr/bin/env bash
# Installs what building and testing Malote needs and this machine lacks, and says so. Rust, Node, git and make are taken
# for granted. Debian and Ubuntu are what our CI runs; the lists for Fedora and macOS name the same things there.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

debian() {
	local wanted=(
		# the app's window and its driver
		libwebkit2gtk-4.1-dev webkit2gtk-driver librsvg2-dev libxdo-dev libssl-dev pkg-config build-essential
		# a screen where there is none, a secret store, pictures
		xvfb xauth dbus dbus-x11 gnome-keyring x11-utils
		fonts-noto-core fonts-noto-color-emoji fonts-noto-cjk
		# the screens in a browser, a mail server for the tests
		chromium dovecot-imapd dovecot-pop3d dovecot-lmtpd faketime curl openssl procps libsasl2-modules libsasl2-modules-db
	)
	# It wants to be root to run, so only a machine that lets it gets it (CI): nobody's own is made a mail server.
	[ "$(id -u)" = 0 ] && wanted+=(postfix)
	local missing=()
	for p in "${wanted[@]}"; do
		dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q "ok installed" || missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return
	echo "setup: installing ${missing[*]}"
	# A mail server that is only for tests must not start as a service of the machine.
	local policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
		as_root chmod 755 "$policy"
		trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT # also when the installation fails
	fi
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

fedora() {
	echo "setup: installing with dnf what is missing"
	as_root dnf -q install -y webkit2gtk4.1-devel librsvg2-devel libxdo-devel openssl-devel gcc gcc-c++ make \
		xorg-x11-server-Xvfb xorg-x11-xauth dbus-daemon dbus-x11 gnome-keyring xorg-x11-utils google-noto-sans-fonts \
		google-noto-color-emoji-fonts chromium dovecot procps-ng
}

macos() {
	command -v brew >/dev/null || { echo "setup: Homebrew is needed (https://brew.sh)"; exit 1; }
	[ -x /opt/homebrew/sbin/dovecot ] || [ -x /usr/local/sbin/dovecot ] || { echo "setup: brew install dovecot"; brew install dovecot; }
	[ -d "/Applications/Chromium.app" ] || [ -n "${CHROMIUM:-}" ] || echo "setup: set CHROMIUM to a Chromium or Chrome for the screen tests"
}

case "$(uname -s)" in
	Darwin) macos ;;
	*) if command -v apt-get >/dev/null; then debian; elif command -v dnf >/dev/null; then fedora; else
		echo "setup: this system is not known; see the list in scripts/setup.sh" ; fi ;;
esac

scripts/servers.sh

# The crates of every platform, not only of this one: their licences are looked at without a network.
cargo fetch --quiet --locked

# npm install is only run when the lock file is newer than what is there.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
	echo "setup: installing the screens' packages with npm"
	# Not `npm ci`: it takes a registry that lacks another platform's optional binary for an error. The lock file still decides.
	npm install --no-save --no-audit --no-fund --loglevel=error
	touch node_modules/.package-lock.json
fi
