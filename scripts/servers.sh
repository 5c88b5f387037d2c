#!/usr/bin/env bash
# Unpacks the mail servers that cannot be installed beside Dovecot into target/servers: Cyrus (its package conflicts with
# Dovecot's) and GNU mailutils' imap4d, the barest server there is. Nothing is installed, no service is started.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v apt-get >/dev/null || { echo "setup: Cyrus and mailutils come from Debian packages; their tests are skipped here"; exit 0; }

place=$PWD/target/servers

# The libraries that these packages want and this system lacks.
missing_libraries() {
	comm -23 <(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
		--no-enhances "$@" | grep -E '^lib' | grep -v perl | sort -u) \
		<(dpkg-query -W -f='${Package}\n' | sort -u) | xargs -r apt-cache show --no-all-versions 2>/dev/null |
		sed -n 's/^Package: //p' | sort -u
}

unpack() {
	local name=$1 packages
	shift
	[ -e "$place/$name/.complete" ] && return
	echo "setup: unpacking $name into target/servers"
	rm -rf "${place:?}/$name"
	mkdir -p "$place/$name/packages"
	mapfile -t packages < <(printf '%s\n' "$@"; missing_libraries "$@")
	if ! (cd "$place/$name/packages" && apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}"); then
		echo "setup: $name could not be had; its tests are skipped"
		return 0
	fi
	for package in "$place/$name"/packages/*.deb; do
		dpkg -x "$package" "$place/$name"
	done
	rm -r "$place/$name/packages"
	touch "$place/$name/.complete"
}
# An image may have its packages and no list of others.
if ! apt-cache show cyrus-imapd >/dev/null 2>&1; then
	if [ "$(id -u)" = 0 ]; then apt-get -qq update; else sudo apt-get -qq update; fi
fi
unpack cyrus cyrus-imapd cyrus-common sasl2-bin
unpack mailutils mailutils-imap4d
