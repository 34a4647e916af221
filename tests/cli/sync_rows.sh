#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# slow: over ten seconds of CPU time.
# Files of the articles about sync.Map, run in small: each reports what its
# row in docs/articles/workloads.tsv promises.
. tests/tools/tap.sh
needs stats/syncmap stats/syncmap_seqcst stats/shard_rw_64 stats/shard_grow stats/gomap stats/gomap_rw stats/gomap_u64 \
	stats/gomap_str stats/gomap_str_unchecked stats/urcu_lfht \
	stats/families_one stats/families_sync_one stats/families_sync_three stats/families_three
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
		-o "$dir/c" --counters none --seed 1 >"$out" 2>&1
	says "$out" 'status: done'
}

# PYTHON EXPRESSION of cells, a list, and per(CELL, STATISTIC): what the window
# added to it per operation; chosen(FACTOR=VALUE...): cells that ran and have these; longest(CELL): times of its operations;
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

# W25: where a store of a known key takes the mutex, and where not.
check 'store-only runs' ran store-only syncmap \
	measure=causes threads=2 window=20000ops
check 'stores into dirty take the lock, each once' \
	so 'all(1 <= per(c, "lock_writes") < 1.001 for c in chosen(settle="no"))'
check 'and stay there: nothing is promoted or built again' \
	so 'all(per(c, "promotions") == per(c, "rebuilds") == 0
	for c in chosen(settle="no"))'
check 'stores of promoted keys take none' \
	so 'all(per(c, "lock_writes") == 0 for c in chosen(settle="yes"))'

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

# W31: numbers as text into maps that were made for one key, and so grow from
# one bucket: at the 9th, 14th, 27th ... 1665th.
check 'sequential-strings runs' ran sequential-strings \
	'gomap gomap_str syncmap shard_grow' keys=2000
check 'of decimal text' so 'len(cells) == 8 and
	len(chosen(loop="fill:decimal", presize=False)) == 4'
check 'whose maps grow from one bucket' \
	so 'all(last(*chosen(map=m), "growths") == 9
	for m in ("gomap", "gomap_str"))'

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

# W1, W5: fill and run, and a rate.
check 'session-rollback runs' ran session-rollback 'syncmap gomap_rw' \
	threads=2 write-kind=update keys=1000 rate=2k/s warm-up=0s window=50ms
check 'the fill of a locked map is timed, unsized and presized' \
	so '[last(*chosen(map="gomap_rw", loop="fill", presize=p), "growths") > 0
	for p in (False, True)] == [True, False] and
	all(last(c, "insert_p99") > 0 for c in chosen(loop="fill"))'
check 'and so is its run' \
	so '{c["presize"] for c in chosen(loop="paced")} == {False, True} and
	all(min(longest(c)) > 0 for c in chosen(loop="paced"))'
check 'eight-threads-paced runs' ran eight-threads-paced syncmap \
	threads=2 keys=1000 rate=2k/s warm-up=0s window=50ms
check 'with all shares of writes that the article may mean' \
	so 'sorted(c["write_share"] for c in chosen(measure="latency")) ==
	[0, 0.03, 0.1, 0.5] and all(longest(c) for c in chosen(measure="latency"))'

# W6: what a look-up is made of, and strings without the checks.
check 'fast-paths runs' ran fast-paths \
	'gomap gomap_u64 gomap_str gomap_str_unchecked' \
	measure=causes threads=1 keys=2000 window=20000ops warm-up=0s
check 'a tophash spares nearly all compares but the last' \
	so 'all(1 <= per(c, "key_compares") < 1.05 < per(c, "slot_probes")
	for c in chosen(map="gomap"))'
check 'without it each probe is one' \
	so 'all(per(c, "key_compares") == per(c, "slot_probes") > 2
	for c in chosen(map="gomap_u64"))'
check 'strings are looked up with and without the checks' \
	so 'all(1 <= per(c, "key_compares") < 1.05 and per(c, "key_hashes") == 1
	for n in ("gomap_str", "gomap_str_unchecked") for c in chosen(map=n))'

# W10: random keys into an empty map.
check 'million-stores runs' ran million-stores 'syncmap gomap_rw' \
	loop=random-fill measure=throughput threads=4 keys=20000
check 'of the keys all but one in e are there at the end' \
	so 'all(0.61 < results[c["id"]]["keys_after"] / 20000 < 0.655 and
	results[c["id"]]["ops"] == last(c, "write_count") == 20000
	for c in chosen(loop="random-fill"))'

# W30: turns, and misses in time.
check 'short-lived runs' ran short-lived syncmap 'loop=paced alternate' \
	measure=causes threads=2 rate=2k/s keys=100 warm-up=0s window=100ms
check 'turns are strict: a look-up for each write decision' \
	so 'all(results[c["id"]]["writes"] * 2 == results[c["id"]]["ops"] and
	per(c, "misses") == 0
	for c in chosen(loop="alternate", write_kind="update"))'
check 'new keys make look-ups miss, at a rate and in turns' \
	so 'all(per(c, "misses") > 0 and results[c["id"]]["elapsed_ns"] > 0
	for l in ("paced", "alternate")
	for c in chosen(loop=l, write_kind="fresh"))'

# What rebuilds keep, and resizes of a library that does not tell of them. One
# may be all: liburcu's growth can stop for good (impls/facts/urcu_lfht.txt), and
# the fill then walks one chain: few enough keys for a busy machine.
check 'a fill runs' ran uniform-97-3 'urcu_lfht syncmap' loop=fill writes=100% measure=causes \
	presize=no placement=cores threads=2 keys=30000 shape=u64x8 write-kind=update
check 'a rebuild has a statistic of what it kept' \
	so 'last(*chosen(map="syncmap"), "rebuild_kept_entries") >= 0'
if "$readmostly" dev list | grep -q '^ *urcu_lfht '; then
	check 'growth of the table of liburcu is resizes' \
		so 'last(*chosen(map="urcu_lfht"), "pause_resize") >= 1 and
		last(*chosen(map="urcu_lfht"), "pause_resize_ns") > 0'
else
	skip 'growth of the table of liburcu is resizes' 'liburcu is missing'
fi

done_testing
