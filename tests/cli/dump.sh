#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `readmostly dev dump`: what a filled map looks like inside.
. tests/tools/tap.sh
needs plain/gomap_rw plain/shard_rw_32 plain/syncmap plain/null_map
readmostly=$(realpath "${BUILD:-build/gcc}/readmostly")
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT

dump() { "$readmostly" dev dump "$@" >"$out" 2>&1; }
ends() { # STATUS ARGUMENTS...
	expected=$1; shift
	dump "$@"
	[ $? = "$expected" ] || { sed 's/^/# /' "$out"; return 1; }
}
# column SUM of the table under HEADING: sum of (first x second), or of second
sum() {
	awk -v heading="$1" -v weigh="$2" '
		$1 == heading { inside = 1; next }
		inside && $1 !~ /^[0-9]/ { exit }
		inside { sum += weigh ? $1 * $2 : $2 }
		END { print sum }' "$out"
}

check 'a Go map of 100000 keys' ends 0 gomap_rw --keys 100000
check 'has B 14' says "$out" 'count 100000, B 14,'
check 'its chains hold all entries' [ "$(sum entries 1)" = 100000 ]
check 'and are 2^14' [ "$(sum entries 0)" = 16384 ]
check 'also counted by their length' [ "$(sum buckets 0)" = 16384 ]
check 'and by the slots of buckets' [ "$(sum slots 1)" = 100000 ]
# at a load of 6.1 a chain has three or more with probability 0.94 (S3-19)
check 'a third key met two others nearly everywhere' \
	grep -qE '^third conflict: 15[0-9]{3} of 16384 chains' "$out"
check 'in the middle of growing' ends 0 gomap_rw --keys 6700
check 'it says so' grep -qE '^count 6700, B 11, .* \(growing\), nevacuate [1-9]' "$out"
check 'and finds each entry once' [ "$(sum entries 1)" = 6700 ]
check 'a map of strings' ends 0 gomap_rw --keys 5k --shape str16x24
check 'as well' [ "$(sum slots 1)" = 5000 ]
counts() { sed 's/0x[0-9a-f]*//g' "$out"; } # addresses are each process's own
differs() { ! counts | cmp -s - "$dir/first"; }
check 'strings of 16 bytes' ends 0 gomap_rw --keys 5000 --shape str16x8
counts >"$dir/first"
check 'and numbers as text' ends 0 gomap_rw --keys 5000 --shape str16x8 --decimal
check 'are all there' [ "$(sum entries 1)" = 5000 ]
check 'in chains of their own' differs
check 'and found as text' ends 0 syncmap --keys 1000 --shape str16x8 --decimal --lookups 1000
check 'each once' says "$out" 'not amended, read 1000 entries'
check 'words are no text' ends 2 gomap_rw --decimal
check 'each seed' ends 0 gomap_rw --keys 5000 --seed 1
counts >"$dir/first"
check 'fills in its own way' ends 0 gomap_rw --keys 5000 --seed 2
check 'which differs' differs
check 'and the same again' ends 0 gomap_rw --keys 5000 --seed 1
check 'as before' eval '! differs'
check 'a presized map' ends 0 gomap_rw --keys 10000 --presize
check 'never grew: B 11' grep -qE '^count 10000, B 11, .*not growing' "$out"

check 'shards' ends 0 shard_rw_32 --keys 10000
check 'show each header' [ "$(grep -c '^shard [0-9]*: count' "$out")" = 32 ]
check 'and all entries together' [ "$(sum entries 1)" = 10000 ]
check 'sync.Map without lookups' ends 0 syncmap --keys 1000
check 'has all in dirty' says "$out" 'amended, read 0 entries (0 nil, 0 expunged), dirty 1000'
check 'after as many misses' ends 0 syncmap --keys 1000 --lookups 1000
check 'all is promoted' says "$out" 'not amended, read 1000 entries'
check 'a map that shows nothing' ends 0 null_map
check 'says so' says "$out" 'does not show its inner state'
check 'no map is usage' ends 2
check 'an unknown map too' ends 2 nothing
check 'and a shape that is none' ends 2 gomap_rw --shape u8
done_testing
