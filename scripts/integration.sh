#!/usr/bin/env bash
# The integration tests, as many programs at a time as there are cores: they wait for servers more than they compute. What one of them
# says is shown when it ends.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo test-all -q --no-run
# The long ones first, so that none of them is alone in the end.
long="simulation disk drafts outbox kill weather servers"
all=$(sed -n '/^\[\[test\]\]/{n;s/^name = "\(.*\)"$/\1/p}' tests/Cargo.toml)
one() {
	local said status=0
	said=$(cargo test-all --test "$1" 2>&1) || status=$?
	printf '%s\n' "$said"
	return "$status"
}
export -f one
{
	printf '%s\n' $long
	printf '%s\n' $all | grep -vxF "$(printf '%s\n' $long)"
} | xargs -P "$(nproc)" -I{} bash -c 'one {}'
