#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests the messages of a resume about removed lines: their exact text for a torn line or an
# unfinished block, and no message otherwise.
. tests/tools/tap.sh
needs plain/gomap_rw plain/rwlock_probe tests/fake_trial
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
export RM_TRIAL_PROGRAM=$build/tests/fake_trial RM_FAKE="=ok"

run() { # CAMPAIGN ARGUMENTS...: sets status, campaign, journal and first (two lines of output)
	campaign=$1 journal=$1/trials.jsonl
	shift
	"$readmostly" run -o "$campaign" --counters none --busy-ok "$@" \
		>"$out" 2>"$dir/err"
	status=$?
	first=$(head -n 2 "$out")
}
reports_nothing() { ! grep -E "removed|moved|unfinished" "$out" "$dir/err"; }

run "$dir/plain" tests/fixtures/campaign.conf --set blocks=2
check "a new campaign ends with status 0" [ $status = 0 ]
check "a new campaign reports no removed line" reports_nothing
lines=$(wc -l <"$journal")

# Truncate the last line to 20 bytes.
cp "$journal" "$dir/complete"
{ head -n -1 "$dir/complete"; tail -n 1 "$dir/complete" | head -c 20; } >"$journal"
run "$dir/plain" --resume
check "a resume first reports the bytes of a torn line" \
	[ "$first" = "$journal: removed 20 bytes of an unfinished line; its trial runs again
resuming $campaign" ]
check "the trial of the torn line runs again" [ "$status $(wc -l <"$journal")" = "0 $lines" ]
check "after the resume the journal is complete" "$readmostly" dev validate "$campaign"
check "no trial was moved to unfinished.jsonl" [ ! -e "$campaign/unfinished.jsonl" ]
run "$dir/plain" --resume
check "a resume of a complete campaign reports no removed line" reports_nothing

# A line without its newline counts as torn, too, and is removed completely.
bytes=$(tail -n 1 "$journal" | wc -c)
truncate -s -1 "$journal"
run "$dir/plain" --resume
check "a line without newline is removed completely" \
	contains "$out" "removed $((bytes - 1)) bytes of"
check "the trial of this line runs again" [ "$status $(wc -l <"$journal")" = "0 $lines" ]

# Without arms, a missing trial is not an unfinished block.
head -n -1 "$dir/complete" >"$journal"
run "$dir/plain" --resume
check "without arms a missing trial runs, and no trial is dropped" reports_nothing
check "the journal has the line of the missing trial" \
	[ "$status $(wc -l <"$journal")" = "0 $lines" ]

# In a campaign with arms, a block is complete or absent.
unset RM_TRIAL_PROGRAM
for arm in base head; do
	cp --reflink=never "$build/tests/fake_trial" "$dir/$arm"
done
run "$dir/arms" tests/fixtures/campaign.conf --set blocks=2 --set window=20ms \
	--arms "base=$dir/base,head=$dir/head"
check "a campaign of arms ends with status 0" [ $status = 0 ]
check "a campaign with arms reports no removed line, too" reports_nothing
lines=$(wc -l <"$journal")
block=$(grep -c '"block":1[,}]' "$journal")
cp "$journal" "$dir/complete"
{ head -n -2 "$dir/complete"; tail -n 2 "$dir/complete" | head -c 33; } >"$journal"
run "$dir/arms" --resume
check "with arms the torn line and its block are removed, and both are reported" \
	[ "$first" = "$journal: removed 33 bytes of an unfinished line; its trial runs again
$journal: moved $((block - 2)) trials of an unfinished round to unfinished.jsonl; the whole round runs again" ]
check "the trials of the block are moved to unfinished.jsonl" \
	[ "$(wc -l <"$campaign/unfinished.jsonl")" = $((block - 2)) ]
check "the block of the torn line runs again" \
	[ "$status $(wc -l <"$journal")" = "0 $lines" ]

# Other damage is an error, and the file is not changed.
sed -i '2s/.*/noise/' "$journal"
run "$dir/arms" --resume
check "a damaged line before other lines is status 2" [ $status = 2 ]
check "the error has the number of the damaged line" contains "$dir/err" "trials.jsonl:2: "
check "no repair is reported" [ ! -s "$out" ]
check "the error names the command that prints the repair" \
	contains "$dir/err" "\`readmostly dev validate $dir/arms\` prints what can be kept"
"$readmostly" dev validate "$dir/arms" >"$out"
eval "$(grep -o "sed -i.damaged '2,\$d' [^\`]*" "$out")"
check "this command keeps the lines before the damage, and a copy" \
	[ "$(wc -l <"$journal") $(wc -l <"$journal.damaged")" = "1 $lines" ]
run "$dir/arms" --resume
check "after the repair a resume completes the campaign" "$readmostly" dev validate "$dir/arms"
truncate -s 3000 "$dir/arms/campaign.json"
"$readmostly" dev validate "$dir/arms" >"$out"
check "a truncated campaign.json is reported once, with the next step" \
	[ "$? $(wc -l <"$out") $(tail -n 1 "$out" | cut -d, -f1)" = "1 3 next: restore the file from a copy" ]
done_testing
