#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests `readmostly dev dump`, which prints the internal state of a filled map.
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
# sum HEADING [WEIGH]: prints the sum of the second column under HEADING, weighted by the first column if WEIGH is 1.
sum() {
	awk -v heading="$1" -v weigh="$2" '
		$1 == heading { inside = 1; next }
		inside && $1 !~ /^[0-9]/ { exit }
		inside { sum += weigh ? $1 * $2 : $2 }
		END { print sum }' "$out"
}

check 'dump prints a Go map with 100000 keys' ends 0 gomap_rw --keys 100000
check 'the map has B 14' contains "$out" 'count 100000, B 14,'
check 'the table of entries sums to all keys' [ "$(sum entries 1)" = 100000 ]
check 'the table of entries has 2^14 chains' [ "$(sum entries 0)" = 16384 ]
check 'the table of buckets has 2^14 chains' [ "$(sum buckets 0)" = 16384 ]
check 'the table of slots sums to all keys' [ "$(sum slots 1)" = 100000 ]
# With 6.1 entries per bucket, 94 % of the chains have three or more entries (claim S3-19).
check 'a third key conflicts in nearly all chains' \
	grep -qE '^third conflict: 15[0-9]{3} of 16384 chains' "$out"
check 'dump prints a map that is growing' ends 0 gomap_rw --keys 6700
check 'the output marks the map as growing' \
	grep -qE '^count 6700, B 11, .* \(growing\), nevacuate [1-9]' "$out"
check 'a growing map has each entry once' [ "$(sum entries 1)" = 6700 ]
check 'dump prints a map of strings' ends 0 gomap_rw --keys 5k --shape str16x24
check 'the map of strings has all entries' [ "$(sum slots 1)" = 5000 ]
counts() { sed 's/0x[0-9a-f]*//g' "$out"; } # addresses differ between processes
differs() { ! counts | cmp -s - "$dir/first"; }
check 'dump prints a map of 16-byte strings' ends 0 gomap_rw --keys 5000 --shape str16x8
counts >"$dir/first"
check 'dump prints a map of decimal strings' ends 0 gomap_rw --keys 5000 --shape str16x8 --decimal
check 'the map of decimal strings has all entries' [ "$(sum entries 1)" = 5000 ]
check 'decimal strings are in other chains' differs
check 'sync.Map finds decimal strings' ends 0 syncmap --keys 1000 --shape str16x8 --decimal --lookups 1000
check 'sync.Map has each decimal string once' contains "$out" 'not amended, read 1000 entries'
check '--decimal needs strings' ends 2 gomap_rw --decimal
check 'dump prints a map that is filled with seed 1' ends 0 gomap_rw --keys 5000 --seed 1
counts >"$dir/first"
check 'dump prints a map that is filled with seed 2' ends 0 gomap_rw --keys 5000 --seed 2
check 'seed 2 gives other chains' differs
check 'dump prints a map with seed 1 again' ends 0 gomap_rw --keys 5000 --seed 1
check 'the same seed gives the same chains' eval '! differs'
check 'dump prints a presized map' ends 0 gomap_rw --keys 10000 --presize
check 'the presized map has B 11 and has not grown' \
	grep -qE '^count 10000, B 11, .*not growing' "$out"

check 'dump prints a map of shards' ends 0 shard_rw_32 --keys 10000
check 'dump prints the header of each shard' [ "$(grep -c '^shard [0-9]*: count' "$out")" = 32 ]
check 'the shards have all entries in total' [ "$(sum entries 1)" = 10000 ]
check 'dump prints a sync.Map without lookups' ends 0 syncmap --keys 1000
check 'without lookups all entries are in dirty' \
	contains "$out" 'amended, read 0 entries (0 nil, 0 expunged), dirty 1000'
check 'dump prints a sync.Map with as many lookups as entries' \
	ends 0 syncmap --keys 1000 --lookups 1000
check 'after these lookups all entries are promoted' \
	contains "$out" 'not amended, read 1000 entries'
check 'dump accepts a map that has no dump' ends 0 null_map
check 'the output explains that the map has no dump' contains "$out" 'does not show its inner state'
check 'a missing map is status 2' ends 2
check 'an unknown map is status 2' ends 2 nothing
check 'an unknown shape is status 2' ends 2 gomap_rw --shape u8
done_testing
