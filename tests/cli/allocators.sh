#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests allocators and huge pages as factors of a cell: preloaded libraries, checks of the settings
# in effect, skipped cells and errors.
# slow: over ten seconds of CPU time.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
needs plain/gomap_rw
program=${BUILD:-build/gcc}/readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

cat >"$dir/memory.conf" <<END
writes     = 3%
write-kind = churn
keys       = 256Ki
threads    = 1
placement  = none
maps       = gomap_rw
warm-up    = 0s
window     = 64000ops
deadline   = 10min
blocks     = 1
allocator  = glibc jemalloc mimalloc tcmalloc
huge-pages = system off on
verify     = 1000ops
END
"$program" plan --cells "$dir/memory.conf" >"$dir/plan"
check "ids omit the default allocator and pages" grep -q '/t1/none/64000ops/throughput' "$dir/plan"
check "ids contain other values" grep -Eq '/t1/none/jemalloc/huge-off/64000ops/throughput' "$dir/plan"
check "tcmalloc with huge pages is skipped" grep -q 'tcmalloc/huge-on.*: not run: ' "$dir/plan"

"$program" run "$dir/memory.conf" -o "$dir/campaign" --seed 1 --counters none >"$dir/out" 2>&1
check_trial() { # ALLOCATOR PAGES FILE: true if the cell's trial used malloc() from FILE
	/usr/bin/python3 - "$dir/campaign" "$@" <<'END'
import json, sys
folder, allocator, pages, file = sys.argv[1:]
cells = {c["id"]: c for c in json.load(open(folder + "/campaign.json"))["cells"]}
for line in open(folder + "/trials.jsonl"):
    trial = json.loads(line)
    cell = cells[trial["cell"]]
    if (cell.get("allocator", "glibc"), cell.get("huge_pages", "system"),
            cell["measure"]) != (allocator, pages, "throughput"):
        continue
    result = trial["result"]
    huge = result["footprint"]["huge_bytes"] or 0
    assert trial["status"] in ("ok", "void"), trial["reason"]
    assert result["environment"]["allocator"].startswith(file), result
    assert pages != "off" or huge == 0, huge
    # If memory is short, the kernel may provide no huge pages. The trial is then void.
    too_few = "no huge pages in" in (trial["reason"] or "")
    assert pages != "on" or huge > 0 or too_few or allocator == "glibc", trial["reason"]
    print("#", allocator, pages, huge)
    sys.exit(0)
sys.exit("no trial")
END
}
for pair in glibc:libc.so jemalloc:libjemalloc mimalloc:libmimalloc tcmalloc:libtcmalloc; do
	allocator=${pair%%:*}
	for pages in system off on; do
		part=$allocator/huge-$pages
		[ $pages = system ] && part=none/$allocator/64000ops
		[ $part = none/glibc/64000ops ] && part=none/64000ops
		[ "$part" != "${part#glibc}" ] && part=none/huge-$pages
		if grep -q "/$part.*1 x" "$dir/plan" || grep -q "$part.*1 x" "$dir/plan"; then
			check "malloc() comes from $allocator, huge pages $pages" \
				check_trial $allocator $pages "${pair#*:}"
		else
			check "$allocator is unavailable, huge pages $pages: the plan skips the cell" \
				grep -Eq "$part.*not run: (no lib|tcmalloc cannot|this kernel)" "$dir/plan"
		fi
	done
done
check "no trial failed" contains "$dir/out" " 0 failed"
check "the campaign is valid" "$program" dev validate "$dir/campaign"

# Requests one trial, without preloaded libraries.
request() { # MEMBERS
	cat <<END
{"protocol": 2, "seed": 7, "control_extra": 0, "counters": {"backend": "none"},
"cell": {"id": "x", "workload": "x", "map": "gomap_rw", "shape": "u64x8",
"keys": 64, "write_share": 0.03, "miss_share": 0, "write_kind": "update",
"dist": "uniform", "loop": "mix", "rate_per_s": 0, "arrivals": "poisson",
"threads": 1, "placement": "none", "memory": "first-touch", "cpus": [],
"presize": true, "warm_up_ns": 0, "window_ns": 0, "window_ops": 640,
"deadline_ns": 120000000000, "verify_ops": 0, "measure": "throughput", $1}}
END
}
request '"allocator": "jemalloc"' | "$program" dev trial >"$dir/out"
check "a trial with another malloc() than requested fails" \
	contains "$dir/out" "this cell needs jemalloc"
request '"huge_pages": "on"' | env -u GLIBC_TUNABLES "$program" dev trial >"$dir/out"
check "a trial fails if the C library did not enable the requested huge pages" contains "$dir/out" "huge pages: GLIBC_TUNABLES is not"
request '"allocator": "best"' | "$program" dev trial >"$dir/out" 2>"$dir/err"
check "a request with an unknown allocator is rejected" contains "$dir/err" "cell.allocator: expected glibc, jemalloc"
rejects_setting() { # SET MESSAGE
	"$program" plan "$dir/memory.conf" --set "$1" 2>"$dir/err" >"$dir/out"
	[ $? = 2 ] && contains "$dir/err" "$2"
}
check "a workload with an unknown allocator is rejected" \
	rejects_setting allocator=best "expected glibc, jemalloc"
check "a workload with unknown pages is rejected" \
	rejects_setting huge-pages=2M "expected system, off or on"
done_testing
