#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# side by side: asks for counts, which do not depend on who else runs.
# slow: over five seconds of CPU time; not part of `make check`.
# Files of the articles about sync.Map, run in small: each reports what its
# row in docs/workloads.md promises.
. tests/tools/tap.sh
readmostly=$(realpath "${BUILD:-build/gcc}")/readmostly
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT

# ran FILE MAPS KEY=VALUE...: one block of it, counted, without a void trial
ran() {
	file=$1 maps=$2 sets=()
	shift 2
	for value in blocks=1 verify=1kops repeat-wait=0% "$@"; do
		sets+=(--set "$value")
	done
	rm -rf "$dir/c"
	"$readmostly" run "workloads/$file.conf" --maps "$maps" "${sets[@]}" \
		-o "$dir/c" --counters none >"$out" 2>&1
	says "$out" 'status: done'
}

# PYTHON EXPRESSION of cells, a list, and per(CELL, STATISTIC): what the window
# added to it per operation; chosen(FACTOR=VALUE...): cells that have these;
# last(CELL, STATISTIC): its value at the end.
so() {
	/usr/bin/python3 - "$dir/c" "$1" <<'END'
import json, sys
campaign = json.load(open(sys.argv[1] + "/campaign.json"))
cells, maps = campaign["cells"], campaign["maps"]
results = {t["cell"]: t["result"] for t in
           map(json.loads, open(sys.argv[1] + "/trials.jsonl"))}
def stat(cell, name):
    return next(s for s in results[cell["id"]]["stats"] if s["name"] == name)
def per(cell, name):
    return stat(cell, name)["window"] / results[cell["id"]]["ops"]
def last(cell, name):
    return stat(cell, name)["value"]
def chosen(**factors):
    found = [c for c in cells if c["measure"] != "verify" and
             all(c.get(f, "yes") == v for f, v in factors.items())]
    assert found, factors
    return found
sys.exit(not eval(f"({sys.argv[2]})"))
END
}

# W25: where a store of a known key takes the mutex, and where not.
check 'store-only runs' ran store-only syncmap \
	measure=causes threads=2 window=20000ops
check 'stores into dirty take the lock, each once' \
	so 'all(1 <= per(c, "lock_writes") < 1.001 for c in chosen(settle="no"))'
check 'and stay there: nothing is promoted or built again' \
	so 'all(per(c, "promotions") == per(c, "rebuilds") == 0
	for c in chosen(settle="no"))'
check 'stores of promoted keys take none' \
	so 'all(per(c, "lock_writes") < 0.001 for c in chosen(settle="yes"))'

# W9: copies of dirty need look-ups that miss.
check 'write-storm runs' ran write-storm syncmap \
	measure=causes threads=8 window=2000ops keys=100 write-kind=update
check 'updates of keys in dirty copy nothing' \
	so 'all(per(c, "rebuilds") == 0 and per(c, "lock_writes") >= 1
	for c in chosen(settle="no", write_share=1))'
check 'look-ups beside them promote, after which no lock is taken' \
	so 'all(per(c, "promotions") > 0 and per(c, "lock_writes") < 0.5
	for c in chosen(settle="no", write_share=0.9))'

# W28: the million keys, of which nothing is looked up before.
check 'big-shards runs' ran big-shards 'syncmap shard_rw_64' \
	measure=causes threads=2 window=5000ops keys=20000 write-kind=update
check 'its sync.Map stores under the mutex, its shards under locks of their own' \
	so 'len(cells) == 4 and
	all(1 <= per(c, "lock_writes") < 1.02 for c in chosen(write_share=1))'

# W11: three modules in one sync.Map, and in one each.
check 'key-families runs' ran key-families 'families_*' measure=causes \
	threads=2 loop=families:1000:10 warm-up=0s window=20000ops
check 'without writers no look-up takes the mutex, whoever shares the map' \
	so 'all(per(c, "misses") == 0 and per(c, "lock_reads") < 0.001
	for n in ("one", "three")
	for c in chosen(map="families_sync_" + n, write_share=0))'
check 'a module that turns its keys over makes those of the others miss' \
	so 'per(*chosen(map="families_sync_one", write_share=0.1), "misses") >
	1.4 * per(*chosen(map="families_sync_three", write_share=0.1), "misses") > 0'
check 'and what is built again is larger' \
	so 'stat(*chosen(map="families_sync_one", write_share=0.1), "allocated_bytes")["window"] >
	1.2 * stat(*chosen(map="families_sync_three", write_share=0.1), "allocated_bytes")["window"]'
check 'under an RWMutex each operation takes one, whatever is shared' \
	so 'all(per(c, "lock_reads") + per(c, "lock_writes") >= 1
	for n in ("one", "three") for c in chosen(map="families_" + n))'
check 'its words are those of the locks that it has' \
	so '[m["sync"] for m in maps if m["id"].startswith("families_")] ==
	["go-rwmutex", "epoch", "epoch", "go-rwmutex"]'

# W17: the port's orders, and Go's.
check 'store-buffering runs' ran store-buffering 'syncmap syncmap_seqcst' \
	threads=2 window=20000ops
check 'with weak orders and with one nobody sees a store late' \
	so '[last(c, "both_saw_old") for c in chosen(loop="litmus:store-buffering")] ==
	[0, 0] and {c["map"] for c in cells} == {"syncmap", "syncmap_seqcst"}'
"$readmostly" plan --json workloads/store-buffering.conf >"$out" 2>&1
check 'both are in the file' says "$out" /syncmap_seqcst/
# FILE: lines of maps with an order below seq_cst, preprocessed
weaker() {
	${CC:-gcc} -std=c11 -D_GNU_SOURCE -I. -E "$1" | awk '
		/^# [0-9]+ / { ours = $3 ~ /impls\// }
		ours && /memory_order_(relaxed|consume|acquire|release|acq_rel)/'
}
check 'no order of the second is weaker' \
	[ -z "$(weaker impls/syncmap/syncmap_seqcst.c)" ]
check 'which those of the first are' \
	[ "$(weaker impls/syncmap/syncmap.c | wc -l)" -gt 50 ]

done_testing
