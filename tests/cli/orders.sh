#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Weakened orders (orders_tally.py): two of real maps are found, of what is
# relaxed already none is made, what was run is not run again.
# slow: over five seconds of CPU time; not part of `make check`.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
build=${BUILD:-build/gcc}
python=$(report/find_python.sh)

tally() { # MAP FUNCTION
	"$python" tests/tools/orders_tally.py "$build" --map "$1" --only "$2" \
		--schedules 400 --seeds 1 --no-pairs --jobs 1 --folder "$dir" \
		>"$dir/out" 2>&1
}
finds() { # MAP FUNCTION EDIT FINDING
	tally "$1" "$2" && grep -q "^$4: impls/.*:[0-9]* $3 ($1, " "$dir/out" ||
		{ sed 's/^/# /' "$dir/out"; return 1; }
}
has_none() { # MAP FUNCTION
	tally "$1" "$2"
	[ $? = 2 ] && grep -q "no edit, expected some" "$dir/out"
}
again() { # the first one, from what was kept
	cp "$dir/tally.jsonl" "$dir/before" &&
		finds shard_seg seg_lock 'success acquire -> relaxed' 'data race' &&
		cmp "$dir/before" "$dir/tally.jsonl"
}

check 'a lock that does not acquire is found' \
	finds shard_seg seg_lock 'success acquire -> relaxed' 'data race'
check 'a slot that does not release is found' \
	finds hashtriemap hashtrie_set 'store release -> relaxed' 'data race'
check 'a count that is relaxed is not edited' has_none shard_seg seg_count
check 'what was run is not run again' again
done_testing
