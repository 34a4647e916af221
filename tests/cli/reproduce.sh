#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests `reproduce DIR`, which repeats a plan: with fake trials of known speed, and once with real
# trials.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
needs plain/gomap_rw plain/rwlock_probe tests/fake_trial
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
python=$(report/find_python.sh)
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
export RM_TRIAL_PROGRAM=$build/tests/fake_trial
first='/gomap_rw/=ns:100;/rwlock_probe/=ns:150'
swapped='/gomap_rw/=ns:150;/rwlock_probe/=ns:100'
alike='/gomap_rw/=ns:100;/rwlock_probe/=ns:100'
conf=tests/fixtures/campaign.conf

# reproduce SPEEDS ARGUMENT...: sets status and out.
reproduce() {
	RM_FAKE=$1 "$readmostly" dev reproduce "$dir/old" --busy-ok "${@:2}" \
		>"$out" 2>&1
	status=$?
}
# campaigns_satisfy NEW EXPRESSION: true if the Python expression about both campaigns and the answer is true.
campaigns_satisfy() {
	"$python" - "$dir/old" "$1" "$2" <<'PYTHON'
import json, pathlib, sys
old, new = (json.loads((pathlib.Path(p) / "campaign.json").read_text())
            for p in sys.argv[1:3])
answer = json.loads((pathlib.Path(sys.argv[2]) / "reproduction.json").read_text())
assert eval(f"({sys.argv[3]})"), answer
PYTHON
}

RM_FAKE=$first "$readmostly" run $conf --set blocks=8 --counters none \
	--busy-ok --seed 1 -o "$dir/old" >"$out" 2>&1
check "a campaign exists" [ $? = 0 ]

reproduce "$first" -o "$dir/same"
check "if both runs have the same speeds the status is 0" [ $status = 0 ]
check "the planned time is printed first" \
	eval "head -n 1 '$out' | grep -q '^8 cells, 36 trials, about .* s;'"
check "the planned time is printed before the first trial" \
	[ "$(grep -n '^campaign: ' "$out" | cut -d: -f1)" = 2 ]
check "each comparison is replicated" campaigns_satisfy "$dir/same" \
	"answer['count'] == {'replicated': 2, 'opposite': 0, 'unclear': 0}"
check "the new campaign has the same cells" campaigns_satisfy "$dir/same" \
	"{c['id'] for c in new['cells']} == {c['id'] for c in old['cells']}"
check "the new campaign has another seed" campaigns_satisfy "$dir/same" "new['seed'] != old['seed']"
check "the new campaign names the old one" campaigns_satisfy "$dir/same" \
	"new['notes'] == {'reproduces': old['name']}"
check "the new folder is a valid campaign" eval '"$readmostly" dev validate "$dir/same" >"$dir/v"'
"$python" -m report reproduce "$dir/old" "$dir/same" >"$dir/report-output"
check "the report prints the same line" \
	eval "tail -n 1 '$out' | cmp -s - <(tail -n 1 '$dir/report-output')"

# A wrapper of Python that logs which signals are blocked.
printf '%s\n' '#!/bin/bash' 'while read -r name value; do' \
	'[ "$name" = SigBlk: ] && echo "$value"' "done </proc/self/status >>'$dir/blocked'" \
	"exec '$python' \"\$@\"" >"$dir/python"
chmod +x "$dir/python"
PYTHON=$dir/python reproduce "$first" --headline -o "$dir/stoppable"
check "Ctrl-C can stop the report" \
	[ "$(sort -u "$dir/blocked")" = 0000000000000000 ]

# A run that is stopped before its start leaves no file that would prevent the same command. In the
# simulated /proc, some process always waits for a CPU.
mkdir -p "$dir/busy/proc/pressure"
echo 'some avg10=90.00 avg60=90.00 avg300=90.00' >"$dir/busy/proc/pressure/cpu"
RM_SYSFS=$dir/busy "$readmostly" dev reproduce "$dir/old" --wait-idle 1 -o "$dir/waited" >"$out" 2>&1
check "a wait that times out is status 2" [ $? = 2 ]
check "after the timeout the same command can be repeated" \
	contains "$out" "no trial ran; the same command"
check "no folder is left" [ ! -e "$dir/waited" ]

reproduce "$swapped" -o "$dir/other"
check "two maps with exchanged speeds are status 1" [ $status = 1 ]
check "each comparison of these maps is opposite" campaigns_satisfy "$dir/other" \
	"answer['count'] == {'replicated': 0, 'opposite': 2, 'unclear': 0}"
check "the opposite comparison is printed" contains "$out" \
	"opposite: gomap_rw ÷ rwlock_probe at 9"
reproduce "$alike" -o "$dir/alike"
check "equal maps replicate nothing: status 3" [ $status = 3 ]
check "each comparison of equal maps is unclear" \
	campaigns_satisfy "$dir/alike" "answer['count']['unclear'] == 2"

reproduce "$first" --headline -o "$dir/head"
check "--headline runs its cells and their verification" campaigns_satisfy "$dir/head" \
	"sorted(c['id'].rsplit('/', 1)[1] for c in new['cells'])
	 == ['throughput'] * 2 + ['verify'] * 4"
check "--headline gives one comparison" campaigns_satisfy "$dir/head" "len(answer['rows']) == 1"
reproduce "$first" --figure flip -o "$dir/flip"
check "--figure runs the cells of a figure" campaigns_satisfy "$dir/flip" \
	"answer['figure'] == 'flip' and answer['count']['replicated'] == 2"

# refused NAME WORDS ARGUMENT...: status 2, and an error with these words.
refused() {
	reproduce "$first" "${@:3}"
	check "$1 is status 2" [ $status = 2 ]
	check "$1: the error has the reason" contains "$out" "$2"
}
refused "an existing folder" "expected a new folder (another -o)" \
	-o "$dir/same"
refused "an unknown figure" 'no figure "nope" can be repeated' \
	--figure nope -o "$dir/none"
refused "two exclusive options" "expected only one of them" --headline --figure flip
check "no folder is left" [ ! -e "$dir/none" ]
sed 's/"name": *"campaign"/"name": "..\/campaign"/' "$dir/old/campaign.json" \
	>"$dir/changed"
cp -r "$dir/old" "$dir/spoilt"
cp "$dir/changed" "$dir/spoilt/campaign.json"
"$readmostly" dev reproduce "$dir/spoilt" -o "$dir/none" >"$out" 2>&1
check "a changed campaign is status 2" [ $? = 2 ]
check "for a changed campaign no folder is written" [ ! -e "$dir/none" ]

# A workload with a long list of maps and a trace next to it.
mkdir "$dir/mine"
cp tests/fixtures/traces/good.trace "$dir/mine/mine.trace"
printf '%s\n' 'keys = file:mine.trace' 'threads = 1' 'blocks = 8' \
	'verify = 1kops' >"$dir/mine/mine.conf"
others=$("$readmostly" dev list --ids | grep -vx 'gomap_rw\|rwlock_probe' |
	head -n 60 | sed 's/^/~/')
mv "$dir/old" "$dir/first"
RM_FAKE=$first "$readmostly" run $conf "$dir/mine/mine.conf" --set blocks=8 \
	--set "maps=gomap_rw rwlock_probe ${others//$'\n'/ }" --counters none \
	--busy-ok --seed 1 -o "$dir/old" >"$out" 2>&1
check "a campaign of a long list and of a trace exists" [ $? = 0 ]
reproduce "$first" -o "$dir/mine/new"
check "a campaign with a long list and a trace can be repeated" [ $status = 0 ]
check "each comparison of this campaign is replicated" campaigns_satisfy "$dir/mine/new" \
	"answer['count'] == {'replicated': 3, 'opposite': 0, 'unclear': 0}"
rm -r "$dir/mine/new"
mv "$dir/mine/mine.trace" "$dir/mine/lost.trace"
refused "a missing trace" "$dir/mine/mine.trace: " -o "$dir/mine/new"
check "no file is left that would prevent the same command" [ ! -e "$dir/mine/new" ]
mv "$dir/mine/lost.trace" "$dir/mine/mine.trace"
mkdir "$dir/owned"
echo kept >"$dir/owned/cells.txt"
refused "an existing list of cells" "cells.txt: exists already" \
	-o "$dir/owned"
check "the existing list of cells stays unchanged" \
	[ "$(cat "$dir/owned/"*)" = kept ]
rm -r "$dir/old"
mv "$dir/first" "$dir/old"

# Real trials. Their verdicts depend on the machine, but each comparison must get a verdict.
unset RM_TRIAL_PROGRAM
"$readmostly" dev reproduce "$dir/old" --headline --busy-ok --seed 2 \
	-o "$dir/real" >"$out" 2>&1
status=$?
check "real trials end with a verdict" [ $status = 0 -o $status = 1 -o $status = 3 ]
check "each comparison of real trials has a verdict" campaigns_satisfy "$dir/real" \
	"sum(answer['count'].values()) == 1"
check "the build is the same and is not listed as a difference" campaigns_satisfy "$dir/real" \
	"old['build'] == new['build'] and 'binary_sha256' not in str(answer['setup'])"
done_testing
