#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Counts on hot paths are in the stats build and nowhere else, and a campaign
# plays `measure = causes` with that build.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
needs plain/gomap_rw plain/syncmap stats/gomap_rw stats/syncmap
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
# operations are called: what counts are is the source's, and it takes a third of the time
cc=${CC:-gcc} flags='-std=c11 -D_GNU_SOURCE -I. -O1 -g0 -pthread -w -DRM_CALLED'

# runner/stat.h, event.h and search.h as they would be if maps had never been counted
for header in stat event search; do
	sed 's/\s*((void)sizeof(.*))$//' runner/$header.h >"$dir/$header.h"
done

code() { # FILE FLAGS...: its machine code
	local object
	object=$(mktemp "$dir/XXXXXX.o") || return
	# shellcheck disable=SC2086
	$cc $flags "${@:2}" "$1" -c -o "$object" &&
		objdump -d "$object" | sed 1,3d
}
# A line of what is amiss with FILE, to a file of its own kind: what holds code
# of counts though nothing counts, what has none though all counts.
compared() { # FILE
	normal=$(code "$1" | sha256sum) &&
		never=$(code "$1" -include "$dir/stat.h" -include "$dir/event.h" \
			-include "$dir/search.h" | sha256sum) &&
		stats=$(code "$1" -DRM_STATS | sha256sum) || return
	[ "$normal" = "$never" ] || echo "# $1 holds code of counts" >>"$dir/holds"
	[ "$normal" != "$stats" ] || echo "# $1 counts nothing" >>"$dir/lacks"
	echo "$1" >>"$dir/compared"
}
export -f code compared
export dir cc flags

# Maps of this build that count on hot paths, one per set of headers.
counting() {
	cp "$build/maps/names.tsv" "$dir/list"
	for file in $(grep -H '^#include "impls' impls/*/*.c | sort -t: -k2 -u |
		cut -d: -f1 | sort -u); do
		grep -q "^$(basename "$file" .c)	.*	built" "$dir/list" || continue
		$cc -std=c11 -D_GNU_SOURCE -I. -E -include "$dir/marker.h" \
			"$file" 2>/dev/null | grep -q RM_COUNTS && echo "$file"
	done
}
sed 's/((void)sizeof((counter) + (n)))$/RM_COUNTS/' runner/stat.h >"$dir/marker.h"

none_of() { # KIND N: all N maps were compared, and none is of the kind
	cat "$dir/$1" 2>/dev/null
	[ "$(sort -u "$dir/compared" | wc -l)" = "$2" ] && [ ! -e "$dir/$1" ]
}

check 'the marker sees the macros' grep -q 'RM_COUNTS' "$dir/marker.h"
check 'searches leave nothing' \
	[ "$(grep -c 'sizeof' runner/search.h)" = 1 -a -z "$(grep sizeof "$dir/search.h")" ]
check 'and hooks of events and locks leave nothing, either' \
	[ "$(grep -c 'sizeof' runner/event.h)" -ge 4 -a -z "$(grep sizeof "$dir/event.h")" ]
maps=$(counting | awk "NR % 2") # every second: they take long to compile
# shellcheck disable=SC2086
set -- $maps
check "$# maps count on hot paths" [ $# -ge 2 ]
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'set -o pipefail; compared {}'
check 'their normal objects are those of maps that never counted' none_of holds $#
check 'their stats objects are not' none_of lacks $#

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
# Windows of a count of operations on one thread: no machine is too busy.
"$readmostly" run "$dir/c.conf" -o "$dir/c" --counters none >"$out" 2>&1
check 'a campaign with causes is done' says "$out" 'status: done'
is_valid() { "$readmostly" dev validate "$dir/c" >"$out" || says "$out" valid; }
check 'and valid' is_valid
# PYTHON EXPRESSION over stat(MAP, MEASURE, NAME) and result(MAP, MEASURE)
so() {
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
check 'throughput trials say null, not 0, of a hot count' \
	so 'stat("syncmap", "throughput", "retired")["value"] is None'
check 'and nothing of the window' \
	so '"window" not in stat("syncmap", "throughput", "retired")'
check 'causes trials count as many retired as the window wrote' \
	so 'stat("syncmap", "causes", "retired")["window"] ==
	result("syncmap", "causes")["writes"] > 0'
check 'and what it allocated' \
	so 'stat("syncmap", "causes", "allocations")["window"] >=
	result("syncmap", "causes")["writes"]'
check 'also of a map without counts of its own' \
	so 'stat("gomap_rw", "causes", "allocated_bytes")["value"] > 1000'

cell() { # MEASURE: a request of the campaign's cell
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
check 'the normal build refuses causes' says "$out" 'flavour stats'
cell throughput | "$build/maps/stats/gomap_rw" trial >"$out" 2>&1
check 'the stats build refuses to time' says "$out" 'and no timing'

mkdir -p "$dir/alone/maps" && cp "$readmostly" "$dir/alone/"
cp -rP "$build/maps/names.tsv" "$build/maps/plain" "$dir/alone/maps/"
"$dir/alone/readmostly" run "$dir/c.conf" -o "$dir/d" --counters none >"$out" 2>&1
check 'without the stats build a campaign is incomplete' [ $? = 3 ]
check 'and says which program is missing' says "$out" maps/stats/
done_testing
