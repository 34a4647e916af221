#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `readmostly dev replay --record` records windows of the loop mix and rejects others.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
needs plain/gomap_rw plain/families_one
program=${BUILD:-build/gcc}/readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

cat >"$dir/mix.conf" <<END
writes     = 10%
keys       = 1000
threads    = 1
placement  = none
window     = 5000ops
END
records() { # LOOP [SETTING...]
	loop=$1
	shift
	rm -f "$dir/trace"
	"$program" dev replay --record "${map:-gomap_rw}" -o "$dir/trace" "$dir/mix.conf" \
		--set "loop=$loop" "$@" >"$dir/out" 2>"$dir/err"
}
refuses() { # LOOP [SETTING...]: status 2, one line with the expected loop
	records "$@"
	[ $? = 2 ] && [ ! -s "$dir/out" ] && [ ! -e "$dir/trace" ] &&
		[ "$(wc -l <"$dir/err")" = 1 ] &&
		contains "$dir/err" "a window of the loop $1 cannot be recorded, expected a cell of loop=mix" ||
		{ sed 's/^/# /' "$dir/err"; false; }
}

check "a window of mix is recorded" records mix
check "the recording has the operations of the window" \
	[ "$(grep -cE '^(get|set) ' "$dir/trace")" -ge 5000 ]
check "the recording can be replayed" "$program" dev replay "$dir/trace"
check "fill is rejected" refuses fill --set writes=100%
check "scan is rejected" refuses scan --set threads=2
check "alternate is rejected" refuses alternate --set writes=50%
check "lazy is rejected" refuses lazy
check "lifecycle is rejected" refuses lifecycle
check "stall is rejected" refuses stall --set threads=2 --set window=10ms
map=families_one records families
check "techniques are rejected" grep -q "families_one is a technique: expected a map" "$dir/err"
done_testing
