#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests other sizes of keys and values, which have their own programs (docs/adr/0030). Values of
# each length are stored and read back, torn values are found, and a campaign runs each cell with
# the program of its size and skips unsupported shapes.
# slow: four minutes of CPU time, because each size of each map is compiled.
. tests/tools/tap.sh
build=$(realpath "${BUILD:-build/gcc}")
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL

maps=(null_map gomap_rw ck_ht syncmap std_mutex shard_seg snapshot)
late=(tests/fixtures/bad_tears_late.c tests/fixtures/bad_wrong_late.c)
for id in "${maps[@]}"; do
	for bytes in 24 64 256 1024; do needed+=("x$bytes/$id" "check-x$bytes/$id"); done
done
for id in null_map gomap_rw; do needed+=("placed/$id" "placed-x24/$id"); done
# Objects that are not timed are compiled with -O1. The objects of the dispatch checks below are
# compiled as for measurements.
builds() {
	ALSO="plain/shard_rw_64 ${needed[*]}" IMPL_FLAGS='-O1 -DRM_OUT_OF_LINE -Wno-maybe-uninitialized' tests/tools/with_impl.sh "$dir" \
		'plain x24 x64 x1024 check-x24 check-x64 check-x1024' "${late[@]}" >"$out" 2>&1 || { sed 's/^/# /' "$out"; return 1; }
}
check 'programs of four sizes are compiled' builds

# ---- round trips ----
trips() { # BYTES: compares all maps and operations with an array
	for id in "${maps[@]}"; do
		"$dir/maps/check-x$1/$id" "$id" --only model --ops 20000
	done >"$out" 2>&1 && ! grep -q '^FAIL' "$out" &&
		[ "$(grep -c '^ok .*model' "$out")" = "$(( (${#maps[@]} - 1) * 2 ))" ]
}
for bytes in 24 64 256 1024; do
	check "${#maps[@]} maps store and return values of $bytes bytes" trips $bytes
done
dispatch() {
	local objects
	objects=$(printf "$build/x1024/impls/%s.o\n" bound/null_map gomap/gomap_rw syncmap/syncmap)
	# shellcheck disable=SC2086
	tests/tools/check_dispatch.py --build "$build/x1024" $objects >"$out" 2>&1
}
check 'the loops of long values have no dispatch' dispatch
placed_dispatch() {
	tests/tools/check_dispatch.py --build "$build/placed" "$build"/placed/impls/{bound/null_map,gomap/gomap_rw}.o >"$out" 2>&1
}
check 'the loops of keys that differ in the middle or at the end have no dispatch' placed_dispatch

# ---- torn values: the fixture lets other threads run before each last word ----
export RM_FAULT_PERIOD=1
torn() { # BYTES CHECK SHAPE
	"$dir/readmostly" check bad_tears_late --only "$2" --shape "$3" >"$out" 2>&1
	[ $? = 1 ] && contains "$out" torn
}
check 'a late last word is found in 1,024 bytes' torn 1024 exchange u64x1024
check 'a late last word is found in 64 bytes, with string keys' torn 64 upsert str16x64

# ---- a wrong byte late in a long key, stored by the fixture ----
finds_wrong_byte() { # BYTES SHAPE
	"$dir/maps/check-x$1/bad_wrong_late" bad_wrong_late --only model --shape "$2" >"$out" 2>&1
	[ $? = 1 ] && contains "$out" 'FAIL bad_wrong_late'
}
check 'a wrong 64th byte of a key is found with short values' finds_wrong_byte 24 str16x8
check 'a wrong 64th byte of a key is found with long values' finds_wrong_byte 1024 str16x1024

# ---- a campaign ----
short='threads     = 2
placement   = none
warm-up     = 2ms
window      = 100kops
verify      = 20kops
blocks      = 1'
cat >"$dir/sizes.conf" <<END
# Each length, shortly. Why: the path from a file to a journal.
writes      = 10%
write-kind  = churn
keys        = 500
key-bytes   = 8 16 32 64
value-bytes = 8 24 64 256 1024
$short
maps        = ${maps[*]} shard_rw_64
END
"$dir/readmostly" run "$dir/sizes.conf" --busy-ok -o "$dir/campaign" >"$out" 2>&1
check 'a campaign of 20 shapes ends' [ $? = 0 ] || sed 's/^/# /' "$out"
lines() { # PYTHON EXPRESSION of trial `t` and cell `c`: prints the number of matching cells
	python3 - "$dir/campaign" "$1" <<'END'
import json, sys
plan = {c["id"]: c for c in json.load(open(sys.argv[1] + "/campaign.json"))["cells"]}
found = set() # a disturbed trial runs again
for line in open(sys.argv[1] + "/trials.jsonl"):
    t = json.loads(line)
    c, r = plan.get(t["cell"]), t.get("result") or {}
    if eval(sys.argv[2]):
        found.add(t["cell"])
print(len(found))
END
}
timed=$(( ${#maps[@]} * 20 ))
check 'every shape that a map offers is measured' \
	[ "$(lines 'c["measure"] == "throughput" and t["status"] == "ok"')" = $((timed + 4)) ]
check 'every such shape is verified' \
	[ "$(lines 'c["measure"] == "verify" and t["status"] == "ok"')" = $((timed - 20 + 4)) ]
not_offered() {
	[ "$(python3 -c '
import json, sys
cells = json.load(open(sys.argv[1]))["cells"]
print(sum("not offered" in (c.get("skip") or "") for c in cells))' "$dir/campaign/campaign.json")" = 16 ]
}
check 'shapes that shard_rw_64 lacks are skipped with the reason' not_offered

# ---- key-differs ----
cat >"$dir/differs.conf" <<END
# Keys that start with equal bytes and differ later.
writes      = 10%
write-kind  = churn fresh
keys        = 500
key-bytes   = 16 32 64
value-bytes = 8 24
key-differs = middle last
$short
maps        = null_map gomap_rw
END
rm -rf "$dir/campaign"
"$dir/readmostly" run "$dir/differs.conf" --busy-ok -o "$dir/campaign" >"$out" 2>&1
check 'a campaign of such keys ends' [ $? = 0 ] || sed 's/^/# /' "$out"
check 'each length is measured with both positions of the difference' \
	[ "$(lines 'c.get("key_differs") and c["measure"] == "throughput" and t["status"] == "ok"')" = 48 ]

# ---- trials with these sizes ----
# Few operations, since the fixture yields its CPU in each write, which takes long on a busy machine.
request() { # MAP SHAPE THREADS [MEMBER,]
	cat <<END
{"protocol": 2, "seed": 1, "control_extra": 0, "counters": {"backend": "none"}, "cell": {"id": "x",
 "workload": "w", "map": "$1", "shape": "$2", "keys": 8, "write_share": 0.5, "miss_share": 0,
 "write_kind": "update", "dist": "uniform", "loop": "mix", "rate_per_s": 0, "arrivals": "poisson",
 "threads": $3, "placement": "none", "memory": "first-touch", "cpus": [], "presize": true,
 "warm_up_ns": 0, "window_ns": 0, "window_ops": 2000, "deadline_ns": 60000000000,
 "verify_ops": 0, $4 "measure": "throughput"}}
END
}
result() { # FLAVOUR MAP SHAPE THREADS [MEMBER,]
	request "$2" "$3" "$4" "$5" | "$dir/maps/$1/$2" trial >"$out" 2>&1
}
result x1024 bad_tears_late str64x1024 2
check 'a trial of a map that tears values fails' contains "$out" '"status":"failed"'
result x24 bad_wrong_late str64x8 1
check 'a trial of a map with a wrong late byte of a key fails' contains "$out" '"status":"failed"'
result x24 bad_tears_late str32x8 1
check 'keys have the length of the cell' contains "$out" '"name":"longest_key","unit":"bytes","value":32.0'
result x64 bad_tears_late str64x64 1
check 'with long values, keys have the length of the cell, too' \
	contains "$out" '"name":"longest_key","unit":"bytes","value":64.0'
result plain gomap_rw u64x64 1
check 'the plain program rejects an unsupported length' contains "$out" 'program of flavour'
result x1024 gomap_rw u64x256 1
check 'the program of another length rejects an unsupported length' \
	contains "$out" 'program of flavour'
result x24 gomap_rw u64x8 1
check 'the program of long keys rejects short keys' contains "$out" 'program of flavour'
result plain gomap_rw str16x8 1 '"key_differs": "last",'
check 'the plain program rejects keys that differ at their end' contains "$out" 'program of flavour placed'
result placed gomap_rw str16x8 1
check 'the program of keys that differ at their end rejects other keys' \
	contains "$out" 'program of flavour plain'
result plain gomap_rw u64x8 1 '"key_differs": "last",'
check '64-bit keys are rejected' contains "$out" 'keys of u64x8 are words'
done_testing
