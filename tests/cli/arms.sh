#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `readmostly run --arms`: sets of programs, complete blocks, pairs, and resume after kill -9.
. tests/tools/tap.sh
needs plain/gomap_rw plain/rwlock_probe tests/fake_trial
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) campaign=$dir/campaign log=$dir/pids out=$dir/out
runner=
trap 'kill -9 $runner 2>/dev/null; rm -rf "$dir"' EXIT
export RM_FAKE_LOG=$log
kills=12
RANDOM=5 # so that every run has the same pauses
for arm in base head copy; do
	cp --reflink=never "$build/tests/fake_trial" "$dir/$arm"
done
: >"$log"

# Two workloads. The second has arms of its own.
cat >"$dir/pairs.conf" <<CONF
writes = 3%
keys = 1Ki
maps = gomap_rw rwlock_probe
threads = 1
warm-up = 1ms
window = 20ms
deadline = 20s
blocks = 8
measure = throughput
CONF
cat >"$dir/slow.conf" <<CONF
include = pairs.conf
maps = gomap_rw
CONF
arms=(--arms "base=$dir/base,head=$dir/head"
	--arms "slow:base=$dir/base,slow=$dir/base+2%")

# matches FILE REGEX: true if a line of the file matches.
matches() { grep -qE -- "$2" "$1" || { cut -c 1-300 "$1" | sed 's/^/# /'; return 1; }; }

run() { # ARGUMENTS...: sets status
	"$readmostly" run -o "$campaign" --counters none "$@" >"$out" 2>&1
	status=$?
}
# Compares the journal with the plan, using a reader that shares no code with the runner. `whole`
# requires a complete journal; otherwise trials of the last block may be missing.
verify_journal() { # FACT
	python3 - "$campaign" "$1" <<'PYTHON'
import collections, itertools, json, sys
folder, fact = sys.argv[1:]
meta = json.load(open(folder + "/campaign.json"))
trials = [json.loads(line) for line in open(folder + "/trials.jsonl")]
sets = {}
for arm in meta["arms"]:
    sets.setdefault(arm["workload"], []).append(arm)
cells = {c["id"]: c for c in meta["cells"]}
set_of = lambda cell: sets.get(cell["workload"], sets.get(None))
pairs = [list(g) for _, g in itertools.groupby(
    trials, lambda t: (t["cell"], t["block"]))]
timed = [p for p in pairs if "/throughput" in p[0]["cell"]]

def whole():
    found = collections.Counter((t["cell"], t["block"], t["arm"])
                                for t in trials)
    planned = {(meta["cells"][i]["id"], b, arm["name"])
               for b, block in enumerate(meta["order"]) for i in block
               for arm in set_of(meta["cells"][i])}
    assert set(found) == planned, set(found) ^ planned
    assert max(found.values()) == 1
    blocks = [t["block"] for t in trials]
    assert blocks == sorted(blocks), "blocks run one after the other"

def paired():
    assert len({(p[0]["cell"], p[0]["block"]) for p in pairs}) == len(pairs)
    for p in pairs:
        assert [t["slot"] for t in p] == [0, 1]
        assert len({t["seed"] for t in p}) == 1
    seeds = {}
    for p in pairs:
        workload, _, place = p[0]["cell"].split("/", 2)
        seeds.setdefault((workload, place, p[0]["block"]), set()).add(p[0]["seed"])
    assert all(len(s) == 1 for s in seeds.values()), "maps share a seed"
    assert len(set.union(*seeds.values())) == len(seeds)
    assert len({p[0]["arm"] for p in timed}) > 1, "a coin decides the order"
    assert all(p[0]["environment_bytes"] != p[1]["environment_bytes"]
               for p in pairs), "padding is each process's own"
    assert len({t["environment_bytes"] for t in trials}) > len(pairs)

def hashed():
    shas = {(arm["workload"], arm["name"]): arm["sha256"]
            for arm in meta["arms"]}
    for t in trials:
        own = cells[t["cell"]]["workload"]
        own = own if own in sets else None
        assert t["binary_sha256"] == shas[own, t["arm"]]
        assert len(t["binary_sha256"]) == 64

def counted():
    rows = {row["cell"]: row for row in meta["calibration"]}
    for cell in meta["cells"]:
        if cell["measure"] != "throughput":
            continue
        row = rows[cell["id"]]
        assert row["arm"] == "base" and row["window_ns"] == 20_000_000
        cost = sorted(row["ns_per_op"][-3:])[1]
        assert cell["window_ns"] == 0 and len(row["ns_per_op"]) == 5
        assert 0.9 < cell["window_ops"] * cost / row["window_ns"] < 1.1
        assert cell["warm_up_ns"] >= row["window_ns"] / 3
        assert cell["warm_up_ns"] >= cell["keys"] * cost
        assert f"/{cell['window_ops']}ops/" in cell["id"]

globals()[fact]()
PYTHON
}

export RM_FAKE="=ok"
run "$dir/pairs.conf" "$dir/slow.conf" "${arms[@]}" --seed 1 \
	--note why=because --note 'flags=-O2 -march=native'
check "two sets of arms run: status 0" [ $status = 0 ]
check "each arm of a cell's set runs once per block" verify_journal whole
check "pairs stay together, share a seed, and run in random order" \
	verify_journal paired
check "every line has the hash of its program" verify_journal hashed
check "windows are calibrated once, on the first arm, and fill the requested time" \
	verify_journal counted
check "validate accepts the campaign" "$readmostly" dev validate "$campaign"
check "campaign.json has the text of the note" contains "$campaign/campaign.json" '"why": "because"'
check "the text of a note may contain equals signs" \
	contains "$campaign/campaign.json" '"flags": "-O2 -march=native"'
run --resume --note why=because
check "a resume may repeat the note" [ $status = 0 ]
order() { sed 's/.*"cell":"\([^"]*\)","block":\([0-9]*\),"arm":"\([a-z]*\)".*/\1 \2 \3/' "$campaign/trials.jsonl"; }
order >"$dir/first"
campaign=$dir/again
run "$dir/pairs.conf" "$dir/slow.conf" "${arms[@]}" --seed 1
check "the same seed gives the same order of arms" \
	[ "$(order)" = "$(cat "$dir/first")" ]
campaign=$dir/other
run "$dir/pairs.conf" "$dir/slow.conf" "${arms[@]}" --seed 2
check "another seed gives another order" [ "$(order)" != "$(cat "$dir/first")" ]

# If an arm crashes, its remaining trials and its partner's are skipped; other cells continue.
cat >"$dir/crashes" <<SCRIPT
#!/bin/sh
request=\$(cat)
case \$request in *'"measure":"throughput"'*) kill -SEGV \$\$ ;; esac
printf %s "\$request" | "$dir/base"
SCRIPT
chmod +x "$dir/crashes"
campaign=$dir/crashed
run "$dir/pairs.conf" "$dir/slow.conf" --arms \
	"base=$dir/base,head=$dir/crashes" "${arms[@]:2}"
lines() { grep -cE -- "$1" "$campaign/trials.jsonl"; }
check "an arm that crashes is status 3" [ $status = 3 ]
check "an arm that crashes runs twice in each cell" [ "$(lines \
	'"arm":"head".*"exit":"signal 11"')" = 4 ]
check "after two crashes both arms skip the other trials of the cell" [ "$(lines \
	'"block":[2-7].*"status":"skipped","reason":"head failed twice: ')" = 24 ]
check "other workloads run completely" \
	[ "$(lines '"cell":"slow/.*"status":"ok"')" = 16 ]
check "every trial has a line" "$readmostly" dev validate "$campaign"

# Windows are calibrated on the first arm. If this arm fails, windows cannot be calibrated.
campaign=$dir/blind
run "$dir/pairs.conf" --arms "base=$dir/crashes,head=$dir/head"
check "if the first arm fails its cells are skipped with the reason" \
	matches "$campaign/campaign.json" \
	'"skip": "calibration on arm base: ended by signal 11'
check "no block contains the cells that were skipped" [ "$(lines '"status":"ok"')" = 4 ]

# Kills the runner with SIGKILL after a random number of trials. Random times would depend on the
# load of the machine.
campaign=$dir/killed
export RM_FAKE="=wait:5"
early=0 dropped=0
mkdir "$campaign"
journaled() { cat "$campaign/trials.jsonl" 2>/dev/null | wc -l; }
for i in $(seq $kills); do
	until=$(($(journaled) + 1 + RANDOM % 9))
	"$readmostly" run -o "$campaign" "$dir/pairs.conf" "$dir/slow.conf" \
		--resume --seed 1 --busy-ok --counters none "${arms[@]}" \
		>"$out" 2>&1 &
	runner=$!
	while kill -0 $runner 2>/dev/null && [ "$(journaled)" -lt $until ]; do
		sleep 0.01
	done
	kill -9 $runner 2>/dev/null || early=$((early + 1))
	wait $runner 2>/dev/null
	grep -q "of an unfinished round" "$out" &&
		dropped=$((dropped + 1))
done
echo "# $dropped of $kills resumes dropped an unfinished block;" \
	"$(wc -l <"$campaign/trials.jsonl") lines, $early ended by themselves"
export RM_FAKE="=ok"
run --resume
check "the last resume ends with status 0" [ $status = 0 ]
check "some resumes dropped an unfinished block" [ $dropped -gt 0 ]
check "the journal has each block of all arms completely and no trial twice" \
	verify_journal whole
check "after the resumes the trials of a pair are adjacent" verify_journal paired
check "validate accepts the campaign after the resumes" "$readmostly" dev validate "$campaign"
check "dropped trials are in unfinished.jsonl" [ -s "$campaign/unfinished.jsonl" ]
lines=$(wc -l <"$campaign/trials.jsonl")
run --resume
check "a resume of a complete campaign runs and drops nothing" \
	[ "$status $lines" = "0 $(wc -l <"$campaign/trials.jsonl")" ]

# Cuts the last block after each of its lines, also inside its last pair. The rest of the block
# moves to unfinished.jsonl.
journal=$campaign/trials.jsonl
block=$(tail -n 1 "$journal" | grep -o '"block":[0-9]*')
of_block=$(grep -c "$block[,}]" "$journal")
cp "$journal" "$dir/complete"
torn=
for left in $(seq $((of_block - 1))); do
	head -n $((lines - of_block + left)) "$dir/complete" >"$journal"
	rm -f "$campaign/unfinished.jsonl"
	run --resume
	[ "$status" = 0 ] && [ "$(wc -l <"$campaign/unfinished.jsonl")" = "$left" ] &&
		[ "$(wc -l <"$journal")" = "$lines" ] || torn="$torn $left"
done
check "a block cut after any of its $of_block lines runs again completely" \
	[ "$of_block${torn:+ not after$torn}" -ge 4 ]
check "after these resumes all blocks are complete" verify_journal whole

# Resumes the campaign with other programs.
run --resume --arms "base=$dir/base,head=$dir/copy"
check "a resume with other arms is status 2" [ $status = 2 ]
check "the error names the other arms as the reason" contains "$out" "started with other --arms"
echo >>"$dir/head"
run --resume
check "a changed file of an arm is status 2" [ $status = 2 ]
check "the error has both hashes" matches "$out" \
	"arm head: $dir/head was changed since .* expected [0-9a-f]{64}"
rm "$dir/head"
run --resume
check "a missing file of an arm is status 2" [ $status = 2 ]
check "the error has the required hash" matches "$out" \
	"arm head: .*$dir/head.*No such file.*SHA-256 [0-9a-f]{64}"
cp "$dir/base" "$dir/head"
run --resume
check "if the file is back, the campaign continues" [ $status = 0 ]

bad() { # NAME REGEX ARGUMENTS...: expects status 2 and a matching error
	local name=$1 words=$2
	shift 2
	"$readmostly" run -o "$dir/n" --counters none "$@" >"$out" 2>&1
	local code=$?
	check "$name is status 2" [ $code = 2 ]
	check "$name: the error gives the reason" matches "$out" "$words"
}
syntax="expected \[WORKLOAD:\]NAME=FILE\[\+SHARE%\]"
bad "an arm without a file" "$syntax" "$dir/pairs.conf" --arms base
bad "an arm without a name" "$syntax" "$dir/pairs.conf" --arms "=$dir/base"
bad "an empty arm" "$syntax" "$dir/pairs.conf" --arms "base=$dir/base,"
bad "an arm with a bad name" "the name .Base!., expected .*no capital letters" \
	"$dir/pairs.conf" --arms "Base!=$dir/base"
bad "two arms of one name" "two arms are called base" \
	"$dir/pairs.conf" --arms "base=$dir/base,base=$dir/head"
bad "two sets for one workload" "two sets for slow" \
	"$dir/slow.conf" --arms "slow:a=$dir/base" --arms "slow:b=$dir/base"
bad "an arm without its file on disk" "arm head: .*No such file.*expected a map program or a folder" \
	"$dir/pairs.conf" --arms "base=$dir/base,head=$dir/none"
bad "one file as two arms" "are one file.*use two files or copies" \
	"$dir/pairs.conf" --arms "base=$dir/base,head=$dir/base"
bad "arms for an unknown workload" "no such workload" \
	"$dir/pairs.conf" "${arms[@]}"
bad "a workload without arms" "the workload pairs has no arms" \
	"$dir/pairs.conf" "$dir/slow.conf" "${arms[@]:2}"
bad "extra operations in a window measured in time" "which needs a counted window" \
	"$dir/pairs.conf" --arms "a=$dir/base,b=$dir/base+2%" \
	--set loop=paced --set rate=1k/s --set measure=latency
bad "a measure that arms do not support" "arms cannot run this measure" \
	"$dir/pairs.conf" --arms "a=$dir/base,b=$dir/copy" --set measure=causes
bad "a note without a text" "expected KEY=TEXT" "$dir/pairs.conf" --note x
check "none of these errors creates a folder" [ ! -e "$dir/n" ]
done_testing
