#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `readmostly dev replay --record` records windows of the mix and refuses others.
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
window     = 1000ops
END
records() { # LOOP [SETTING...]
	loop=$1
	shift
	rm -f "$dir/trace"
	"$program" dev replay --record "${map:-gomap_rw}" -o "$dir/trace" "$dir/mix.conf" \
		--set "loop=$loop" "$@" >"$dir/out" 2>"$dir/err"
}
refuses() { # LOOP [SETTING...]: one line that says what is expected
	records "$@"
	[ $? = 2 ] && [ ! -s "$dir/out" ] && [ ! -e "$dir/trace" ] &&
		[ "$(wc -l <"$dir/err")" = 1 ] &&
		says "$dir/err" "a window of the loop $1 cannot be recorded, expected a cell of loop=mix" ||
		{ sed 's/^/# /' "$dir/err"; false; }
}

check "a window of the mix is recorded" records mix
check "with its operations" [ "$(grep -cE '^(get|set) ' "$dir/trace")" -ge 1000 ]
check "which are read back" "$program" dev replay "$dir/trace"
check "fill is refused: it begins with no key" refuses fill --set writes=100%
check "scan" refuses scan --set threads=2
check "alternate" refuses alternate --set writes=50%
check "lazy" refuses lazy
check "lifecycle" refuses lifecycle
check "stall" refuses stall --set threads=2 --set window=10ms
map=families_one
check "and loops of a subject's own" refuses families
done_testing
