#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `readmostly check` catches every planted fault, by the check that is there
# for it, and finds nothing where nothing is planted.
# slow: a minute of CPU time. alone: the load decides how often threads meet.
cd "$(dirname "$0")/../.." || exit 1
count=0
failed=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

report() { # status name
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		failed=1
		sed 's/^/# /' "$dir/out"
	fi
}

IMPL_FLAGS="-O1 -DRM_CALLED" ALSO=check/gomap_rw tests/tools/with_impl.sh "$dir/build" 'plain check' tests/fixtures/bad_*.c \
	tests/fixtures/waits_for_joined.c tests/fixtures/stalls.c \
	tests/fixtures/frees_later.c tests/fixtures/frees_at_the_end.c \
	tests/fixtures/scan_not_outgrown.c tests/fixtures/reads_kept.c \
	>"$dir/out" 2>&1
report $? "the fixtures build with IMPL="
program=$dir/build/readmostly
[ -x "$program" ] || { echo "1..$count"; exit 1; }

# A fault that races, or meets whoever comes first, shows in more than one way,
# and a check says what it met first: the pattern has all that the fault can do.
# Where it may not show at all, the first of several seeds that does is enough.
seeds=1
caught() { # id check pattern arguments...
	id=$1 check=$2 pattern=$3
	shift 3
	for seed in $(seq "$seeds"); do
		"$program" check "$id" --only "$check" --seed "$seed" "$@" \
			>"$dir/out" 2>&1
		status=$?
		[ $status = 0 ] || break
	done
	[ $status = 1 ] && grep -q "^FAIL $id .* $check: .*$pattern" "$dir/out" &&
		grep -q "again: readmostly check $id .*--seed" "$dir/out"
	report $? "$id is caught by $check ($pattern)"
}

right() { # id arguments...
	id=$1
	shift
	"$program" check "$id" "$@" >"$dir/out" 2>&1
	report $? "$id is found right"
}

# The full period of 10^6: the number of writes must be above it.
caught bad_loses_insert exchange 'a write was lost' \
	--ops 32000000 --shape u64x8
caught bad_loses_replace exchange 'a write was lost' \
	--ops 16000000 --shape u64x8
# Without exchange: through the timed operations alone.
export RM_FAULT_PERIOD=1000
caught bad_loses_insert upsert 'inserts - removes' --shape str16x8
caught bad_loses_replace owner 'last value written' --shape str16x24
unset RM_FAULT_PERIOD
caught bad_wrong_key exchange 'gave the value of rank'
caught bad_wrong_key model 'other than the last one written'
caught bad_wrong_key readers 'gave the value of rank'
caught bad_wrong_key drive 'wrong or torn'
# Word 0 comes late, too: the value before it may go out twice.
caught bad_tears exchange 'torn\|returned twice' --shape u64x24
caught bad_tears upsert 'torn' --shape str16x24
caught bad_tears_late exchange 'torn' --shape u64x24
caught bad_crashes model 'crashed: signal'
grep -q '^  thread [0-9]* was in$' "$dir/out"
report $? "and the stack of the thread that crashed is shown"
caught bad_hangs exchange 'hung: .*, in phase' --deadline 2 --shape u64x8
grep -q '^  thread [0-9]* was in$' "$dir/out" && grep -q '^    .*faulty' "$dir/out"
report $? "and the stacks of its threads are shown"
caught bad_eats_memory upsert 'used too much memory.*again: .* --memory 256 ' --memory 256 --ops 200000 \
	--shape u64x8
# The owner misses its last value, or another thread sees the one before again.
caught bad_stale owner 'last value written\|went back'
caught bad_two_winners atomic 'inserted [2-9][0-9]* times'
# The entry that is left out or doubled is the first of the table, which may be
# the token; where a scan was held up it saw a third one.
caught bad_scan scan 'which is always present, not at all\|saw 0 tokens'
caught bad_scan_twice scan 'which is always present, twice\|saw [23] tokens'
caught bad_scan_moments scan 'saw [23] tokens, which no moment'
caught bad_scan_outgrown scan 'none was removed' --ops 20000
# Beside 25 others on two CPUs one seed of 25 did not show the first of these and
# none the second: at 18 in 100 (95 %), ten do not once in 3 * 10^7.
seeds=10
# Memory that was given out again holds what another key's writer left there, or
# is writing: other values and torn ones ("gave"), other keys (so that the own
# one is not found), or no address.
caught bad_frees_at_once pairs 'freed\|crashed: signal 11\|gave\|returned absent' \
	--quarantine --preempt --ops 4000000 --shape u64x24
# Nothing overwrites what was freed, unless the quarantine does: the poison, or,
# where the block was given back meanwhile, another block or none.
caught bad_reads_freed pairs 'gave\|freed\|crashed: signal 11' --quarantine --preempt \
	--ops 1000000 --shape u64x8
seeds=1
caught bad_stores_absent model 'stored a value although the key is absent'
caught bad_wrong_present model 'insert_if_absent.*other than the last one written'
caught bad_swaps_anyway model 'compare_swap.*returned true, but the expected value is not present'
caught bad_swaps_nothing model 'compare_swap.*returned false, but the expected value is present'
caught bad_load load 'is not there'
caught bad_load_late load 'rank 19999 of 20000 is not there'
caught bad_load_short load 'lookup after load of rank 0 gave a torn value' --shape u64x24
caught bad_drive drive 'differ from the content'
RM_FAULT_PERIOD=1 caught bad_wrong_late model 'returned absent, but the key is present' --shape str16x8
caught bad_growth growth 'lookup missed'
caught bad_growth park 'lookup missed'
caught bad_never_parks park 'hung.*again: .* --deadline 3 ' --deadline 3 --shape u64x8

LD_PRELOAD=libm.so.6 "$program" check frees_at_the_end --ops 100 --quarantine >"$dir/out" 2>&1
[ $? = 2 ] && grep -q 'LD_PRELOAD is set' "$dir/out"
report $? "a quarantine that cannot be had is refused"
mkdir "$dir/a b"
cp -r "$program" "$(dirname "$program")/maps" "$dir/a b"
"$dir/a b/readmostly" check frees_at_the_end --ops 100 --quarantine >"$dir/out" 2>&1
[ $? = 2 ] && [ "$(wc -l <"$dir/out")" = 1 ] &&
	grep -q 'quarantine: the path of the program contains a blank' "$dir/out"
report $? "also where LD_PRELOAD cannot name its library"
"$dir/a b/readmostly" check frees_at_the_end --budget 1 --only model >"$dir/out" 2>&1 &&
	! grep -q 'ld.so' "$dir/out"
report $? "and is not tried then"
rm -r "$dir/a b"
# What readers keep, beside the writes that retire.
caught bad_leaks_lookup reclaim 'bytes are still allocated' --ops 20000 --shape u64x8
caught bad_leaks_scan reclaim 'bytes are still allocated' --ops 20000 --shape u64x8
right waits_for_joined --ops 20000
right frees_later --ops 20000 --only reclaim --shape u64x24
right stalls --ops 20000 --only exchange
right scan_not_outgrown --ops 200000 --only scan
# What it holds does not grow with the round, nor do rounds seem to hang.
right gomap_rw --ops 40000000 --only growth --shape u64x8 --memory 160
right scan_not_outgrown --ops 80000000 --only drive --shape u64x8 --deadline 1
# What the quarantine keeps back is no leak of the map.
right frees_later --ops 200000 --only reclaim --shape u64x8 --quarantine
right reads_kept --ops 1000000 --only pairs --quarantine --preempt --shape u64x8
right frees_at_the_end --ops 1000000 --only pairs --quarantine --preempt \
	--shape u64x24
RM_STALL_MS=0 right stalls --ops 20000
# Same seed, same first failure: what `again:` promises on one thread.
"$program" check bad_wrong_key --only model --shape u64x8 --seed 7 >"$dir/a"
"$program" check bad_wrong_key --only model --shape u64x8 --seed 7 >"$dir/out"
grep -q FAIL "$dir/a" && cmp -s "$dir/a" "$dir/out"
report $? "a failure of model comes back with its seed"
echo "1..$count"
exit $failed
