#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a resume says of lines that go: the exact words where a line is torn or a
# block unfinished, and none of them elsewhere.
. tests/tools/tap.sh
needs plain/gomap_rw plain/rwlock_probe tests/fake_trial
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
export RM_TRIAL_PROGRAM=$build/tests/fake_trial RM_FAKE="=ok"

run() { # CAMPAIGN ARGUMENTS...: sets status, campaign, journal and first, the
	# first two lines of standard output
	campaign=$1 journal=$1/trials.jsonl
	shift
	"$readmostly" run -o "$campaign" --counters none --busy-ok "$@" \
		>"$out" 2>"$dir/err"
	status=$?
	first=$(head -n 2 "$out")
}
nothing_said() { ! grep -E "cut off|dropped|unfinished" "$out" "$dir/err"; }

run "$dir/plain" tests/fixtures/campaign.conf --set blocks=2
check "a new campaign ends with status 0" [ $status = 0 ]
check "and says nothing of lines that go" nothing_said
lines=$(wc -l <"$journal")

# The last line loses its end: 20 bytes of it are there.
cp "$journal" "$dir/complete"
{ head -n -1 "$dir/complete"; tail -n 1 "$dir/complete" | head -c 20; } >"$journal"
run "$dir/plain" --resume
check "a resume says how many bytes of a torn line went, and then begins" \
	[ "$first" = "$journal: cut off 20 bytes of a line that was never finished; its trial runs again
resuming $campaign" ]
check "its trial runs again" [ "$status $(wc -l <"$journal")" = "0 $lines" ]
check "and the journal is whole" "$readmostly" dev validate "$campaign"
check "nothing was put aside" [ ! -e "$campaign/unfinished.jsonl" ]
run "$dir/plain" --resume
check "a resume of a whole one says nothing of it" nothing_said

# A line that only lacks its newline is torn, too: all of it goes.
bytes=$(tail -n 1 "$journal" | wc -c)
truncate -s -1 "$journal"
run "$dir/plain" --resume
check "a line that lacks its newline alone goes with all its bytes" \
	says "$out" "cut off $((bytes - 1)) bytes of"
check "and runs again" [ "$status $(wc -l <"$journal")" = "0 $lines" ]

# A trial that is not there, of a campaign without arms, is no unfinished block.
head -n -1 "$dir/complete" >"$journal"
run "$dir/plain" --resume
check "without arms a missing trial runs, and nothing is dropped" nothing_said
check "it has its line" [ "$status $(wc -l <"$journal")" = "0 $lines" ]

# Of arms a block is whole or not there.
unset RM_TRIAL_PROGRAM
for arm in base head; do
	cp --reflink=never "$build/tests/fake_trial" "$dir/$arm"
done
run "$dir/arms" tests/fixtures/campaign.conf --set blocks=2 --set window=20ms \
	--arms "base=$dir/base,head=$dir/head"
check "a campaign of arms ends with status 0" [ $status = 0 ]
check "and says nothing of lines that go either" nothing_said
lines=$(wc -l <"$journal")
block=$(grep -c '"block":1[,}]' "$journal")
cp "$journal" "$dir/complete"
{ head -n -2 "$dir/complete"; tail -n 2 "$dir/complete" | head -c 33; } >"$journal"
run "$dir/arms" --resume
check "of arms the block goes with the torn line, and both are said" \
	[ "$first" = "$journal: cut off 33 bytes of a line that was never finished; its trial runs again
$journal: dropped $((block - 2)) trials of a round that was never finished (they are in unfinished.jsonl); it runs again, whole" ]
check "its trials are put aside" \
	[ "$(wc -l <"$campaign/unfinished.jsonl")" = $((block - 2)) ]
check "and all of the block runs again" \
	[ "$status $(wc -l <"$journal")" = "0 $lines" ]

# Bytes that are no torn line are damage, and nothing is mended.
sed -i '2s/.*/noise/' "$journal"
run "$dir/arms" --resume
check "a line of noise before others is not mended but refused" [ $status = 2 ]
check "with the line that is wrong" says "$dir/err" "trials.jsonl:2: "
check "and nothing is said to be" [ ! -s "$out" ]
done_testing
