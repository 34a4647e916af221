#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Only the stats build has counters on hot paths. A campaign runs `measure = causes` with this
# build.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
needs plain/gomap_rw plain/syncmap stats/gomap_rw stats/syncmap
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
# Compiles operations out of line, which takes a third of the time. The counters depend only on the
# source.
cc=${CC:-gcc} flags='-std=c11 -D_GNU_SOURCE -I. -O1 -g0 -pthread -w -DRM_OUT_OF_LINE'

# Writes versions of runner/stat.h, event.h and search.h that contain no counters.
for header in stat event search; do
	sed 's/\s*((void)sizeof(.*))$//' runner/$header.h >"$dir/$header.h"
done

code() { # FILE FLAGS...: prints its machine code
	local object
	object=$(mktemp "$dir/XXXXXX.o") || return
	# shellcheck disable=SC2086
	$cc $flags "${@:2}" "$1" -c -o "$object" &&
		objdump -d "$object" | sed 1,3d
}
# Writes a line for each fault of FILE: `holds` if the normal build contains code of counters,
# `lacks` if the stats build contains none.
compare_objects() { # FILE
	normal=$(code "$1" | sha256sum) &&
		never=$(code "$1" -include "$dir/stat.h" -include "$dir/event.h" \
			-include "$dir/search.h" | sha256sum) &&
		stats=$(code "$1" -DRM_STATS | sha256sum) || return
	[ "$normal" = "$never" ] || echo "# $1 holds code of counts" >>"$dir/holds"
	[ "$normal" != "$stats" ] || echo "# $1 counts nothing" >>"$dir/lacks"
	echo "$1" >>"$dir/compared"
}
export -f code compare_objects
export dir cc flags

# Lists maps of this build with counters on hot paths, one for each set of headers.
list_counting_maps() {
	cp "$build/maps/names.tsv" "$dir/list"
	for file in $(grep -H '^#include "impls' impls/*/*.c | sort -t: -k2 -u |
		cut -d: -f1 | sort -u); do
		grep -q "^$(basename "$file" .c)	.*	built" "$dir/list" || continue
		$cc -std=c11 -D_GNU_SOURCE -I. -E -include "$dir/marker.h" \
			"$file" 2>/dev/null | grep -q RM_COUNTS && echo "$file"
	done
}
sed 's/((void)sizeof((counter) + (n)))$/RM_COUNTS/' runner/stat.h >"$dir/marker.h"

has_no_faults() { # KIND N: true if all N maps were compared, and none has the fault
	cat "$dir/$1" 2>/dev/null
	[ "$(sort -u "$dir/compared" | wc -l)" = "$2" ] && [ ! -e "$dir/$1" ]
}

check 'the marker replaces the macros' grep -q 'RM_COUNTS' "$dir/marker.h"
check 'searches leave no code' \
	[ "$(grep -c 'sizeof' runner/search.h)" = 1 -a -z "$(grep sizeof "$dir/search.h")" ]
check 'hooks of events and locks leave no code' \
	[ "$(grep -c 'sizeof' runner/event.h)" -ge 4 -a -z "$(grep sizeof "$dir/event.h")" ]
maps=$(list_counting_maps | awk "NR % 2") # every second map, because compilation takes long
# shellcheck disable=SC2086
set -- $maps
check "$# maps count on hot paths" [ $# -ge 2 ]
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'set -o pipefail; compare_objects {}'
check 'their normal objects equal those without counters' has_no_faults holds $#
check 'the stats objects differ from those without counters' has_no_faults lacks $#

cat >"$dir/c.conf" <<'END'
writes = 10%
write-kind = update
keys = 1Ki
threads = 1
warm-up = 5ms
window = 200000ops
blocks = 1
verify = 1kops
measure = throughput causes
maps = syncmap gomap_rw
END
# The windows have a fixed number of operations on one thread, so that load does not make them void.
"$readmostly" run "$dir/c.conf" -o "$dir/c" --counters none >"$out" 2>&1
check 'a campaign with causes is done' contains "$out" 'status: done'
is_valid() { "$readmostly" dev validate "$dir/c" >"$out" || contains "$out" valid; }
check 'the campaign with causes is valid' is_valid
# Tests a Python EXPRESSION, which may use stat(MAP, MEASURE, NAME) and result(MAP, MEASURE).
trials_satisfy() {
	/usr/bin/python3 - "$dir/c/trials.jsonl" "$1" <<'END'
import json, sys
def result(name, measure):
    return next(t["result"] for t in map(json.loads, open(sys.argv[1]))
                if f"/{name}/" in t["cell"] and t["cell"].endswith(measure))
def stat(name, measure, which):
    return next(s for s in result(name, measure)["stats"]
                if s["name"] == which)
sys.exit(not eval(f"({sys.argv[2]})"))
END
}
check 'a hot counter is null, not 0, in throughput trials' \
	trials_satisfy 'stat("syncmap", "throughput", "retired")["value"] is None'
check 'a hot counter has no increase in the window of throughput trials' \
	trials_satisfy '"window" not in stat("syncmap", "throughput", "retired")'
check 'causes trials count as many retired objects as writes' \
	trials_satisfy 'stat("syncmap", "causes", "retired")["window"] ==
	result("syncmap", "causes")["writes"] > 0'
check 'causes trials count allocations' \
	trials_satisfy 'stat("syncmap", "causes", "allocations")["window"] >=
	result("syncmap", "causes")["writes"]'
check 'causes trials of a map without counters count allocations, too' \
	trials_satisfy 'stat("gomap_rw", "causes", "allocated_bytes")["value"] > 1000'

cell() { # MEASURE: prints a request for the cell of the campaign
	/usr/bin/python3 - "$dir/c/campaign.json" "$1" <<'END'
import json, sys
cell = next(c for c in json.load(open(sys.argv[1]))["cells"]
            if c["measure"] == sys.argv[2])
for more in "blocks", "base", "skip", "estimate_ns", "memory_bytes", "repeat":
    cell.pop(more, None)
print(json.dumps({"protocol": 2, "seed": 1, "control_extra": 0.0, "cell": cell,
                  "counters": {"backend": "none"}}))
END
}
cell causes | "$build/maps/plain/gomap_rw" trial >"$out" 2>&1
check 'the normal build rejects causes' contains "$out" 'flavour stats'
cell throughput | "$build/maps/stats/gomap_rw" trial >"$out" 2>&1
check 'the stats build rejects timed trials' contains "$out" 'and no timing'

mkdir -p "$dir/alone/maps" && cp "$readmostly" "$dir/alone/"
cp -rP "$build/maps/names.tsv" "$build/maps/plain" "$dir/alone/maps/"
"$dir/alone/readmostly" run "$dir/c.conf" -o "$dir/d" --counters none >"$out" 2>&1
check 'without the stats build a campaign is incomplete' [ $? = 3 ]
check 'the missing program is named' contains "$out" maps/stats/
done_testing
