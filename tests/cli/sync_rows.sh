#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# slow: over ten seconds of CPU time.
# Runs small workloads of the articles about sync.Map. Each must show the effect that its row of
# docs/articles/workloads.tsv lists.
. tests/tools/tap.sh
needs stats/syncmap stats/syncmap_seqcst stats/shard_rw_64 stats/shard_grow stats/gomap stats/gomap_rw stats/gomap_u64 \
	stats/gomap_str stats/gomap_str_unchecked stats/urcu_lfht \
	stats/families_one stats/families_sync_one stats/families_sync_three stats/families_three
readmostly=$(realpath "${BUILD:-build/gcc}")/readmostly
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT

# run_file FILE MAPS KEY=VALUE...: runs one block; no trial may be void.
run_file() {
	file=$1 maps=$2 sets=()
	shift 2
	for value in blocks=1 verify=1kops repeat-wait=0% "$@"; do
		sets+=(--set "$value")
	done
	rm -rf "$dir/c"
	"$readmostly" run "workloads/$file.conf" --maps "$maps" "${sets[@]}" \
		-o "$dir/c" --counters none --seed 1 >"$out" 2>&1
	contains "$out" 'status: done'
}

# PYTHON EXPRESSION of `cells`, a list; per(CELL, STATISTIC): increase in the window per operation;
# chosen(FACTOR=VALUE...): cells that ran with these factors; longest(CELL): longest times of its
# operations; last(CELL, STATISTIC): value at the end.
trials_satisfy() {
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
def longest(cell):
    return [entry["max_ns"] for entry in results[cell["id"]]["latency"]]
def last(cell, name):
    return stat(cell, name)["value"]
def chosen(**factors):
    found = [c for c in cells if c["measure"] != "verify" and
             results.get(c["id"]) and
             all(c.get(f, "yes") == v for f, v in factors.items())]
    assert found, factors
    return found
sys.exit(not eval(f"({sys.argv[2]})"))
END
}

# W25: counts which stores of known keys lock the mutex.
check 'store-only runs' run_file store-only syncmap \
	measure=causes threads=2 window=20000ops
check 'each store into dirty locks once' \
	trials_satisfy 'all(1 <= per(c, "lock_writes") < 1.001 for c in chosen(settle="no"))'
check 'a store into dirty causes no promotion or rebuild' \
	trials_satisfy 'all(per(c, "promotions") == per(c, "rebuilds") == 0
	for c in chosen(settle="no"))'
check 'stores of promoted keys do not lock' \
	trials_satisfy 'all(per(c, "lock_writes") == 0 for c in chosen(settle="yes"))'

# W9: `dirty` is copied only after lookups that miss.
check 'write-storm runs' run_file write-storm syncmap \
	measure=causes threads=8 window=2000ops keys=100 write-kind=update
check 'updates of keys in dirty cause no rebuild' \
	trials_satisfy 'all(per(c, "rebuilds") == 0 and per(c, "lock_writes") >= 1
	for c in chosen(settle="no", write_share=1))'
check 'lookups between updates cause promotions, after which stores do not lock' \
	trials_satisfy 'all(per(c, "promotions") > 0 and per(c, "lock_writes") < 0.5
	for c in chosen(settle="no", write_share=0.9))'

# W28: a million keys without earlier lookups.
check 'big-shards runs' run_file big-shards 'syncmap shard_rw_64' \
	measure=causes threads=2 window=5000ops keys=20000 write-kind=update
check 'sync.Map stores under its mutex, shards under their own locks' \
	trials_satisfy 'len(cells) == 4 and
	all(1 <= per(c, "lock_writes") < 1.02 for c in chosen(write_share=1))'

# W11: three modules share one sync.Map, or each has its own.
check 'key-families runs' run_file key-families 'families_*' measure=causes \
	threads=2 loop=families:1000:10 warm-up=0s window=20000ops
check 'without writers no lookup locks, shared map or not' \
	trials_satisfy 'all(per(c, "misses") == 0 and per(c, "lock_reads") < 0.001
	for n in ("one", "three")
	for c in chosen(map="families_sync_" + n, write_share=0))'
check 'a module that replaces its keys causes misses of the others' \
	trials_satisfy 'per(*chosen(map="families_sync_one", write_share=0.1), "misses") >
	1.4 * per(*chosen(map="families_sync_three", write_share=0.1), "misses") > 0'
check 'a shared map has larger rebuilds' \
	trials_satisfy 'stat(*chosen(map="families_sync_one", write_share=0.1), "allocated_bytes")["window"] >
	1.2 * stat(*chosen(map="families_sync_three", write_share=0.1), "allocated_bytes")["window"]'
check 'with an RWMutex each operation locks once, shared map or not' \
	trials_satisfy 'all(per(c, "lock_reads") + per(c, "lock_writes") >= 1
	for n in ("one", "three") for c in chosen(map="families_" + n))'
check 'maps list the locks that they contain' \
	trials_satisfy '[m["sync"] for m in maps if m["id"].startswith("families_")] ==
	["go-rwmutex", "epoch", "epoch", "go-rwmutex"]'

# W31: decimal strings into maps made for one key, which grow from one bucket: at the 9th, 14th,
# 27th ... 1665th key.
check 'sequential-strings runs' run_file sequential-strings \
	'gomap gomap_str syncmap shard_grow' keys=2000
check 'the maps are filled with decimal text' trials_satisfy 'len(cells) == 8 and
	len(chosen(loop="fill:decimal", presize=False)) == 4'
check 'the maps grow from one bucket' \
	trials_satisfy 'all(last(*chosen(map=m), "growths") == 9
	for m in ("gomap", "gomap_str"))'

# W17: memory orders of the port, and of Go.
check 'store-buffering runs' run_file store-buffering 'syncmap syncmap_seqcst' \
	threads=2 window=20000ops
check 'no thread sees a late store, with weak orders and with seq_cst' \
	trials_satisfy '[last(c, "both_saw_old") for c in chosen(loop="litmus:store-buffering")] ==
	[0, 0] and {c["map"] for c in cells} == {"syncmap", "syncmap_seqcst"}'
"$readmostly" plan --json workloads/store-buffering.conf >"$out" 2>&1
check 'the workload has the map syncmap_seqcst' contains "$out" /syncmap_seqcst/
# FILE: prints lines with a memory order weaker than seq_cst, after preprocessing.
weaker() {
	${CC:-gcc} -std=c11 -D_GNU_SOURCE -I. -E "$1" | awk '
		/^# [0-9]+ / { ours = $3 ~ /impls\// }
		ours && /memory_order_(relaxed|consume|acquire|release|acq_rel)/'
}
check 'the map syncmap_seqcst has no weaker order' \
	[ -z "$(weaker impls/syncmap/syncmap_seqcst.c)" ]
check 'the map syncmap has weaker orders' \
	[ "$(weaker impls/syncmap/syncmap.c | wc -l)" -gt 50 ]

# W1, W5: fill and run, and operations at a fixed rate.
check 'session-rollback runs' run_file session-rollback 'syncmap gomap_rw' \
	threads=2 write-kind=update keys=1000 rate=2k/s warm-up=0s window=50ms
check 'the fill of a locked map is timed, with and without presize' \
	trials_satisfy '[last(*chosen(map="gomap_rw", loop="fill", presize=p), "growths") > 0
	for p in (False, True)] == [True, False] and
	all(last(c, "insert_p99") > 0 for c in chosen(loop="fill"))'
check 'the run of a locked map is timed, with and without presize' \
	trials_satisfy '{c["presize"] for c in chosen(loop="paced")} == {False, True} and
	all(min(longest(c)) > 0 for c in chosen(loop="paced"))'
check 'eight-threads-paced runs' run_file eight-threads-paced syncmap \
	threads=2 keys=1000 rate=2k/s warm-up=0s window=50ms
check 'the plan has all shares of writes that the article may mean' \
	trials_satisfy 'sorted(c["write_share"] for c in chosen(measure="latency")) ==
	[0, 0.03, 0.1, 0.5] and all(longest(c) for c in chosen(measure="latency"))'

# W6: the parts of a lookup, and strings without the checks.
check 'fast-paths runs' run_file fast-paths \
	'gomap gomap_u64 gomap_str gomap_str_unchecked' \
	measure=causes threads=1 keys=2000 window=20000ops warm-up=0s
check 'with a tophash, nearly all lookups compare one key' \
	trials_satisfy 'all(1 <= per(c, "key_compares") < 1.05 < per(c, "slot_probes")
	for c in chosen(map="gomap"))'
check 'without a tophash, each probe compares a key' \
	trials_satisfy 'all(per(c, "key_compares") == per(c, "slot_probes") > 2
	for c in chosen(map="gomap_u64"))'
check 'strings are looked up with and without the checks' \
	trials_satisfy 'all(1 <= per(c, "key_compares") < 1.05 and per(c, "key_hashes") == 1
	for n in ("gomap_str", "gomap_str_unchecked") for c in chosen(map=n))'

# W10: random keys are inserted into an empty map.
check 'million-stores runs' run_file million-stores 'syncmap gomap_rw' \
	loop=random-fill measure=throughput threads=4 keys=20000
check 'at the end all keys but a share of 1/e are present' \
	trials_satisfy 'all(0.61 < results[c["id"]]["keys_after"] / 20000 < 0.655 and
	results[c["id"]]["ops"] == last(c, "write_count") == 20000
	for c in chosen(loop="random-fill"))'

# W30: operations that alternate, and misses over time.
check 'short-lived runs' run_file short-lived syncmap 'loop=paced alternate' \
	measure=causes threads=2 rate=2k/s keys=100 warm-up=0s window=100ms
check 'a lookup follows each write decision' \
	trials_satisfy 'all(results[c["id"]]["writes"] * 2 == results[c["id"]]["ops"] and
	per(c, "misses") == 0
	for c in chosen(loop="alternate", write_kind="update"))'
check 'new keys cause misses, both at a rate and alternating' \
	trials_satisfy 'all(per(c, "misses") > 0 and results[c["id"]]["elapsed_ns"] > 0
	for l in ("paced", "alternate")
	for c in chosen(loop=l, write_kind="fresh"))'

# Entries that rebuilds keep, and resizes of a library that does not report them. There may be only
# one resize, because growth of liburcu can stop permanently (impls/facts/urcu_lfht.txt). The fill
# then walks one chain, so the test uses few keys.
check 'a fill runs' run_file uniform-97-3 'urcu_lfht syncmap' loop=fill writes=100% measure=causes \
	presize=no placement=cores threads=2 keys=30000 shape=u64x8 write-kind=update
check 'rebuilds report the entries that they keep' \
	trials_satisfy 'last(*chosen(map="syncmap"), "rebuild_kept_entries") >= 0'
if "$readmostly" dev list | grep -q '^ *urcu_lfht '; then
	check 'growth of the table of liburcu is reported as resizes' \
		trials_satisfy 'last(*chosen(map="urcu_lfht"), "pause_resize") >= 1 and
		last(*chosen(map="urcu_lfht"), "pause_resize_ns") > 0'
else
	skip 'growth of the table of liburcu is reported as resizes' 'liburcu is missing'
fi

done_testing
