#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# runner/gdb/readmostly.py prints the maps of a stopped process and of its core. The output is
# compared with the dumps that the maps print themselves.
. tests/tools/tap.sh
needs plain/shard_rw_32 plain/syncmap
build=$(realpath "${BUILD:-build/gcc}")
dir=$(mktemp -d) out=$dir/out pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
script=runner/gdb/readmostly.py

gdb_has_python() { gdb -nx -batch -ex 'python print("yes")' 2>/dev/null | grep -q yes; }
if ! command -v gdb >/dev/null || ! gdb_has_python; then
	skip 'maps in gdb' 'no gdb with Python here'
	done_testing
	exit
fi
show() { # COMMAND...: gdb commands, in order
	arguments=()
	for command in "$@"; do arguments+=(-ex "$command"); done
	DEBUGINFOD_URLS='' timeout 600 gdb -nx -batch -ex 'set pagination off' \
		-ex 'set print finish off' -ex "source $script" \
		"${arguments[@]}" >"$out" 2>"$dir/err" </dev/null
}

program=$dir/gdb_maps
check 'the maps compile' "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -I. -O2 -g -gdwarf-4 \
	-pthread -o "$program" tests/fixtures/gdb_maps.c verify/check/pause.c
cat >"$dir/commands" <<'END'
print *growing
print *strings
print *syncmap
rm-map growing
rm-map syncmap
END
mapfile -t commands <"$dir/commands"
map_line() { # N: prints line N of the dumps
	sed -n "$1p" "$dir/output"
}
check_views() { # WHAT: compares gdb's output with the dumps
	check "$1: B, count and the evacuation mark" \
		grep -qF -- "= $(map_line 1)" "$out"
	check "$1: a map of strings has all its entries" grep -qF -- "= $(map_line 2)" "$out"
	check "$1: the parts of sync.Map are equal" grep -qF -- "= $(map_line 3)" "$out"
	check "$1: each entry of a growing map" \
		grep -q '^6700 entries in ' "$out"
	check "$1: the entries of dirty are counted" grep -q '^335 entries in ' "$out"
}

# A process that gdb starts and stops at a breakpoint, and the core of this process.
show "file $program" "set confirm off" "break pause" \
	"run >$dir/output" "${commands[@]}" "generate-core-file $dir/core" kill ||
	true
if grep -qE 'ptrace|not permitted' "$dir/err" && ! [ -s "$dir/output" ]; then
	skip 'maps in gdb' "gdb may not trace here: $(grep -m1 -E 'ptrace|not permitted' "$dir/err")"
	done_testing
	exit
fi
check 'the growing map is marked as growing' \
	grep -qE '^count 6700, B 11, .* \(growing\), nevacuate [1-9]' "$dir/output"
check 'sync.Map has entries in read and in dirty, and removed entries' \
	grep -qE '^sync.Map: amended, read 300 entries \(3 nil, 5 expunged\), dirty 335' "$dir/output"
check_views 'a stopped process'
show "file $program" "core-file $dir/core" "${commands[@]}" || true
check_views 'a core'

# A process that is already running.
"$program" >"$dir/output" &
pid=$!
for _ in $(seq 600); do # until all output is written
	grep -q '^ready' "$dir/output" && break
	sleep 0.1
done
attach() { show "attach $pid" "${commands[@]}" detach; }
attach || true
if grep -qE 'ptrace|not permitted' "$dir/err"; then
	skip 'a process that gdb attaches to' 'gdb may not attach here'
else
	check_views 'a process that gdb attaches to'
fi

# The map of a trial, which the command finds without arguments.
cat >"$dir/w.conf" <<'END'
writes = 3%
write-kind = update
keys = 5k
threads = 1
placement = none
warm-up = 1ms
window = 640ops
blocks = 1
maps = shard_rw_32
measure = throughput
END
"$build/readmostly" plan "$dir/w.conf" --json >"$dir/plan"
/usr/bin/python3 - "$dir/plan" >"$dir/request" <<'END'
import json, sys
cell = next(c for c in json.load(open(sys.argv[1]))["cells"]
            if c["measure"] == "throughput")
for more in "blocks", "base", "skip", "estimate_ns", "memory_bytes", "repeat":
    cell.pop(more, None)
print(json.dumps({"protocol": 2, "seed": 1, "control_extra": 0.0, "cell": cell,
                  "counters": {"backend": "none"}}))
END
of_trial() { show "file $build/maps/plain/$1" "set confirm off" \
	"break phases.c:verify" "run trial <$2 >$dir/result" rm-map kill; }
of_trial shard_rw_32 "$dir/request" || true
check 'rm-map finds the map of a running trial' \
	grep -q '^shard 31: count [0-9]*, B [0-9]' "$out"
total=$(awk '/^shard/ { sum += $4 } END { print sum }' "$out")
check 'rm-map prints all entries of this map' [ "$total" = 5000 ]
sed 's/shard_rw_32/syncmap/g' "$dir/request" >"$dir/of_syncmap"
of_trial syncmap "$dir/of_syncmap" || true
check 'rm-map finds a sync.Map, too' grep -qE '^sync.Map: .* read [0-9]+ entries' "$out"

show "file $program" 'rm-map 1 + 1' || true
check 'an expression that is not a map is rejected' grep -q 'cannot be shown' "$dir/err"
done_testing
