#!/usr/bin/env bash
# Coverage-guided fuzzing on the stable compiler. FUZZ_SECONDS for each target (default 60), TARGETS to choose.
# Seeds come from the corpora by path and from tests/fuzz/fixtures, where every finding stays as a fixture of ours.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}
targets=${TARGETS:-response session encoder}
work=${FUZZ_WORK:-target/fuzz}
corpora=${MALOTE_CORPORA:-../shared/corpora}
mkdir -p "$work"

# What cargo-fuzz passes, without the sanitizer, which needs the nightly compiler: there is no unsafe code to watch.
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing"
RUSTFLAGS="$coverage" cargo build --release --manifest-path tests/fuzz/Cargo.toml --target-dir "$work/build" \
	--target "$(rustc -vV | sed -n 's/^host: //p')"
binaries=$(echo "$work"/build/*/release)

for target in $targets; do
	seeds="$work/corpus-$target"
	mkdir -p "$seeds" "$work/findings"
	if [ "$target" != encoder ] && [ -d "$corpora" ]; then
		find "$corpora/mailkit/imap" "$corpora/james-mpt" \( -name '*.txt' -o -name '*.test' \) -type f -print0 |
			while IFS= read -r -d '' file; do
				sed -n 's/^S: //p; /^[*+A]/p' "$file" | sed 's/\r*$/\r/' >"$seeds/$(echo "$file" | cksum | cut -d' ' -f1)"
			done
	elif [ "$target" != encoder ]; then
		echo "*** fuzz: no corpora at $corpora, starting from our own fixtures only ***"
	fi
	echo "== $target, $seconds s"
	"$binaries/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1 \
		-artifact_prefix="$work/findings/$target-" "$seeds" "tests/fuzz/fixtures/$target"
done
echo "fuzz: no finding"
