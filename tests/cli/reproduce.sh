#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# reproduce DIR: the same plan again, with played trials whose speeds the test
# knows, and once with real ones.
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

# again SPEEDS ARGUMENT...: sets status and out.
again() {
	RM_FAKE=$1 "$readmostly" dev reproduce "$dir/old" --busy-ok "${@:2}" \
		>"$out" 2>&1
	status=$?
}
# about NEW EXPRESSION: Python about both campaigns and the answer.
about() {
	"$python" - "$dir/old" "$1" "$2" <<'PYTHON'
import json, pathlib, sys
old, new = (json.loads((pathlib.Path(p) / "campaign.json").read_text())
            for p in sys.argv[1:3])
said = json.loads((pathlib.Path(sys.argv[2]) / "reproduction.json").read_text())
assert eval(f"({sys.argv[3]})"), said
PYTHON
}

RM_FAKE=$first "$readmostly" run $conf --set blocks=8 --counters none \
	--busy-ok --seed 1 -o "$dir/old" >"$out" 2>&1
check "a campaign is there" [ $? = 0 ]

again "$first" -o "$dir/same"
check "the same speeds are status 0" [ $status = 0 ]
check "its time is said first" \
	eval "head -n 1 '$out' | grep -q '^8 cells, 36 trials, about .* s;'"
check "before the first trial" \
	[ "$(grep -n '^campaign: ' "$out" | cut -d: -f1)" = 2 ]
check "each is replicated" about "$dir/same" \
	"said['count'] == {'replicated': 2, 'opposite': 0, 'unclear': 0}"
check "of the same cells" about "$dir/same" \
	"{c['id'] for c in new['cells']} == {c['id'] for c in old['cells']}"
check "with another seed" about "$dir/same" "new['seed'] != old['seed']"
check "of which campaign is kept" about "$dir/same" \
	"new['notes'] == {'reproduces': old['name']}"
check "its folder is a campaign" eval '"$readmostly" dev validate "$dir/same" >"$dir/v"'
"$python" -m report reproduce "$dir/old" "$dir/same" >"$dir/told"
check "the report alone says the same" \
	eval "tail -n 1 '$out' | cmp -s - <(tail -n 1 '$dir/told')"

# A Python that tells which signals are blocked in it.
printf '%s\n' '#!/bin/bash' 'while read -r name value; do' \
	'[ "$name" = SigBlk: ] && echo "$value"' "done </proc/self/status >>'$dir/blocked'" \
	"exec '$python' \"\$@\"" >"$dir/python"
chmod +x "$dir/python"
PYTHON=$dir/python again "$first" --headline -o "$dir/stoppable"
check "who waits for the answer can stop it" \
	[ "$(sort -u "$dir/blocked")" = 0000000000000000 ]

# Stopped before it began: nothing is left that would refuse the same line. On
# the machine of this /proc somebody always waits for a CPU.
mkdir -p "$dir/busy/proc/pressure"
echo 'some avg10=90.00 avg60=90.00 avg300=90.00' >"$dir/busy/proc/pressure/cpu"
RM_SYSFS=$dir/busy "$readmostly" dev reproduce "$dir/old" --wait-idle 1 -o "$dir/waited" >"$out" 2>&1
check "who waits in vain is status 2" [ $? = 2 ]
check "and can say the same line again" says "$out" "no trial ran; the same command"
check "as nothing is left" [ ! -e "$dir/waited" ]

again "$swapped" -o "$dir/other"
check "labels of two maps swapped are status 1" [ $status = 1 ]
check "each is opposite" about "$dir/other" \
	"said['count'] == {'replicated': 0, 'opposite': 2, 'unclear': 0}"
check "and is named" says "$out" \
	"opposite: gomap_rw ÷ rwlock_probe at 9"
again "$alike" -o "$dir/alike"
check "equal maps replicate nothing: status 3" [ $status = 3 ]
check "each is unclear" about "$dir/alike" "said['count']['unclear'] == 2"

again "$first" --headline -o "$dir/head"
check "of the headline its cells and their verification" about "$dir/head" \
	"sorted(c['id'].rsplit('/', 1)[1] for c in new['cells'])
	 == ['throughput'] * 2 + ['verify'] * 4"
check "is one comparison" about "$dir/head" "len(said['rows']) == 1"
again "$first" --figure flip -o "$dir/flip"
check "of a figure, too" about "$dir/flip" \
	"said['figure'] == 'flip' and said['count']['replicated'] == 2"

# refused NAME WORDS ARGUMENT...: status 2, and no campaign.
refused() {
	again "$first" "${@:3}"
	check "$1 is status 2" [ $status = 2 ]
	check "$1: the sentence" says "$out" "$2"
}
refused "a folder that is taken" "expected a new folder (another -o)" \
	-o "$dir/same"
refused "a figure that is none" 'no figure "nope" can be repeated' \
	--figure nope -o "$dir/none"
refused "two of one option" "expected only one of them" --headline --figure flip
check "nothing is left of it" [ ! -e "$dir/none" ]
sed 's/"name": *"campaign"/"name": "..\/campaign"/' "$dir/old/campaign.json" \
	>"$dir/changed"
cp -r "$dir/old" "$dir/spoilt"
cp "$dir/changed" "$dir/spoilt/campaign.json"
"$readmostly" dev reproduce "$dir/spoilt" -o "$dir/none" >"$out" 2>&1
check "a changed campaign is status 2" [ $? = 2 ]
check "and writes nothing" [ ! -e "$dir/none" ]

# A list that no line of a workload by hand has, and a trace beside the file.
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
check "a campaign of a long list and of a trace is there" [ $? = 0 ]
again "$first" -o "$dir/mine/new"
check "it is repeated" [ $status = 0 ]
check "with each comparison" about "$dir/mine/new" \
	"said['count'] == {'replicated': 3, 'opposite': 0, 'unclear': 0}"
rm -r "$dir/mine/new"
mv "$dir/mine/mine.trace" "$dir/mine/lost.trace"
refused "a trace that is lost" "$dir/mine/mine.trace: " -o "$dir/mine/new"
check "nothing is left that would refuse the same line" [ ! -e "$dir/mine/new" ]
mv "$dir/mine/lost.trace" "$dir/mine/mine.trace"
mkdir "$dir/owned"
echo kept >"$dir/owned/cells.txt"
refused "a list of cells that is there" "cells.txt: File exists" \
	-o "$dir/owned"
check "what was there stays, and nothing else" \
	[ "$(cat "$dir/owned/"*)" = kept ]
rm -r "$dir/old"
mv "$dir/first" "$dir/old"

# Real trials: what they say depends on the machine, that each comparison gets
# a word does not.
unset RM_TRIAL_PROGRAM
"$readmostly" dev reproduce "$dir/old" --headline --busy-ok --seed 2 \
	-o "$dir/real" >"$out" 2>&1
status=$?
check "real trials end with a verdict" [ $status = 0 -o $status = 1 -o $status = 3 ]
check "one for each comparison" about "$dir/real" \
	"sum(said['count'].values()) == 1"
check "of one build, which is no difference" about "$dir/real" \
	"old['build'] == new['build'] and 'binary_sha256' not in str(said['setup'])"
done_testing
