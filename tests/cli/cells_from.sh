#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests --cells-from FILE, which limits a plan or a campaign to the listed cells.
. tests/tools/tap.sh
needs plain/gomap_rw plain/syncmap plain/rwlock_probe tests/fake_trial
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
python=$(report/find_python.sh)
dir=$(mktemp -d) out=$dir/out list=$dir/list
trap 'rm -rf "$dir"' EXIT
export RM_TRIAL_PROGRAM=$build/tests/fake_trial
conf=tests/fixtures/campaign.conf
timed=campaign/gomap_rw/u64x8/n1024/w3/update/m0/uniform/t1/cores/throughput
other=campaign/rwlock_probe/u64x8/n1024/w3/churn/m0/uniform/t1/cores/throughput
verify=$("$readmostly" plan --cells $conf |
	sed -n 's,^\(campaign/gomap_rw/.*/update/.*/verify\): .*,\1,p')

plan() { "$readmostly" plan "$@" --cells-from "$list" >"$out" 2>&1; }
run() { "$readmostly" run --busy-ok --counters none "$@" >"$out" 2>&1; }
# json CODE FILE: runs Python code; j is the parsed JSON file.
json() { "$python" -c "import json, sys, hashlib; j = json.load(open(sys.argv[1])); $1" "$2"; }

printf '# two of them\r\n\n%s   # the first\n\t%s' $timed $other >"$list"
plan --cells $conf
check "a plan of a list succeeds" [ $? = 0 ]
check "the plan has the listed cells" [ "$(grep -c '^campaign/' "$out")" = 2 ]
check "a listed cell has the number of blocks of its workload" contains "$out" "$timed: 60 x"
plan --cells $conf --set blocks=3
check "--set changes the number of blocks of a listed cell" contains "$out" "$other: 3 x"
plan --json $conf && cp "$out" "$dir/json"
check "all blocks contain only these cells" json \
	"assert [sorted(b) for b in j['order']] == [[0, 1]] * 60" "$dir/json"
printf '%s\n%s\n' $timed $timed/x | sed 's,throughput/x,none,' >"$list"

# refuses NAME WORDS: the list gives status 2, and one line that contains the words.
refuses() {
	plan $conf
	check "$1 is status 2" [ $? = 2 ]
	check "$1: the error gives place and reason" contains "$out" "$2"
	check "$1: one line" [ "$(wc -l <"$out")" = 1 ]
}
refuses "an id that is not in the plan" \
	"$list:2: the plan has no cell campaign/gomap_rw/u64x8/n1024/w3/update/m0/uniform/t1/cores/none, expected one of its 8"
printf '%s\n\n%s\n' $timed $timed >"$list"
refuses "an id twice" "$list:3: $timed repeats line 1, expected each id once"
printf '# nothing\n\n' >"$list"
refuses "an empty list" "$list: no cell, expected at least one id, one per line"
printf '%s %s\n' $timed $other >"$list"
refuses "two ids in a line" "$list:1: byte 0x20 in column"
printf 'a\0b\n' >"$list"
refuses "a byte that is not text" "$list:1: byte 0x00 in column 2"
head -c 300 /dev/zero | tr '\0' x >"$list"
refuses "a line that is not an id" "$list:1: 300 characters, expected a cell id"
rm "$list"
refuses "a missing list" "$list: No such file"
mkdir "$list"
refuses "a folder" "$list: a directory, expected a file"
rmdir "$list"

# An alias in the list selects the cell that it names.
printf '%s\n' "${timed/cores/compact}" >"$list"
plan --cells $conf --set "placement=cores compact"
check "an alias of a cell selects the cell" contains "$out" "$timed: 60 x"
check "the plan prints the alias" contains "$out" "compact/throughput: on this machine the same as"

printf '%s\n%s\n' $other $timed >"$list"
run $conf -o "$dir/c" --cells-from "$list" --set blocks=2
check "a campaign of a list succeeds" [ $? = 0 ]
check "the campaign runs the listed cells" [ "$(wc -l <"$dir/c/trials.jsonl")" = 4 ]
check "validate accepts the campaign as complete" "$readmostly" dev validate "$dir/c"
check "campaign.json describes the list by its sorted ids" json "
ids = ''.join(i + '\n' for i in sorted(['$timed', '$other']))
assert j['cells_from'] == {'file': '$list', 'ids': 2,
    'sha256': hashlib.sha256(ids.encode()).hexdigest()}, j['cells_from']
assert {c['base'] for c in j['cells']} == {'gomap_rw'}" "$dir/c/campaign.json"
check "campaign.json matches the schema" "$python" tests/report/schemas.py campaign \
	<"$dir/c/campaign.json"
# The list lacks the cell of the base map. The listed cell still names the base map, but has no
# ratio.
printf '%s\n' $other >"$list"
run $conf -o "$dir/one" --cells-from "$list" --set blocks=2
check "a list without the base gives a valid campaign" "$readmostly" dev validate "$dir/one"
check "the listed cell names its base" json \
	"assert [c['base'] for c in j['cells']] == ['gomap_rw']" "$dir/one/campaign.json"
check "the report accepts it" "$python" -m report "$dir/one"
printf '%s\n%s\n' $verify $timed >"$list"
run $conf -o "$dir/v" --cells-from "$list" --set blocks=1
check "a listed verification runs" \
	[ "$(grep -c '/verify"' "$dir/v/trials.jsonl")" = 1 ]

# `plan` does not open the counters, but must give verifications the same ids as `run`.
with_counters="measure=counters throughput"
"$readmostly" plan --cells $conf --set "$with_counters" |
	sed -n 's,^\([^ ]*/[^ ]*\): [0-9].*,\1,p' >"$list"
run $conf -o "$dir/n" --cells-from "$list" --set "$with_counters" --set blocks=1
check "all cells of a plan run without counters" [ $? = 0 ]

# Resumes the campaign with lists.
printf '%s\n%s # in another order\n' $timed $other >"$list"
run -o "$dir/c" --resume
check "a resume uses the same list" [ "$? $(wc -l <"$dir/c/trials.jsonl")" = "0 4" ]
run -o "$dir/c" --resume --cells-from "$list"
check "the same ids are accepted as the same list" [ $? = 0 ]
printf '%s\n' $timed >"$list"
run -o "$dir/c" --resume --cells-from "$list"
check "other ids are status 2" [ $? = 2 ]
check "the error names the option --cells-from" \
	contains "$out" "the campaign was started with --cells-from "
run $conf -o "$dir/all" --set blocks=1
run -o "$dir/all" --resume --cells-from "$list"
check "a list for a campaign without a list is rejected" \
	contains "$out" "started with --cells-from (none)"
sed -i 's/"ids": 2/"ids": "two"/' "$dir/c/campaign.json"
"$readmostly" dev validate "$dir/c" >"$out"
check "validate checks the field cells_from.ids" contains "$out" "cells_from.ids"
done_testing
