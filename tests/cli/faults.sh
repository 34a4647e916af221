#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures maps with injected faults in a campaign. The run's summary and the report name each
# fault. The campaign continues and exits 3.
# slow: a minute of CPU time.
# alone: other load changes how often threads collide.
. tests/tools/tap.sh
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
fixtures=tests/fixtures
faults='bad_loses_insert bad_loses_replace bad_wrong_key bad_tears bad_crashes bad_hangs bad_eats_memory'
files=$(for fault in $faults; do echo "$fixtures/$fault.c"; done)
# shellcheck disable=SC2086
check 'the fixtures build with IMPL=' \
	env ALSO=plain/gomap_rw tests/tools/with_impl.sh "$dir/build" plain $files $fixtures/waits_for_joined.c

cat >"$dir/faults.conf" <<END
# Faulty maps next to correct ones. Why: each injected fault must be reported.
writes     = 10%
write-kind = update churn
keys       = 4Ki
shape      = u64x24
threads    = 2
warm-up    = 10ms
window     = 60ms
deadline   = 10s
blocks     = 2
verify     = 10Mops
maps       = bad_* waits_for_joined gomap_rw
measure    = throughput
END
"$dir/build/readmostly" run "$dir/faults.conf" -o "$dir/campaign" \
	>"$dir/out" 2>"$dir/err"
status=$?
cat "$dir/err" >>"$dir/out"
check 'the campaign continues and ends with status 3' [ $status = 3 ]
"$(report/find_python.sh)" -m report "$dir/campaign" >"$dir/report" 2>&1
check 'the report is written, with the status for incomplete results' [ $? = 3 ]
page=$dir/campaign/report/index.html
table=$dir/campaign/report/tables/validity.csv
for fault in $faults; do
	check "$fault is named in the summary" contains "$dir/out" "$fault"
	check "$fault is named in the report" grep -q "$fault" "$page"
	grep -q '"status":"ok"' "$dir/campaign/trials.jsonl" &&
		grep "/$fault/" "$dir/campaign/trials.jsonl" |
		grep '/throughput"' | grep -q '"status":"ok"'
	check "$fault has no timed result that counts" [ $? != 0 ]
done
for map in gomap_rw waits_for_joined; do
	# A void trial is caused by the machine (such as a thread that started late), not by the
	# map.
	bad=$(grep "/$map/" "$dir/campaign/trials.jsonl" |
		grep -c '"status":"\(failed\|skipped\)"')
	check "$map, which is correct, has no failed trial" [ "$bad" = 0 ]
done
has_reason() { grep "/$1/" "$dir/campaign/trials.jsonl" | grep -q "$2"; }
check 'the lost insert is reported with its reason' \
	has_reason bad_loses_insert 'key sums differ\|lost'
check 'the lost replacement is reported with its reason' has_reason bad_loses_replace 'lost update'
check 'the wrong key is reported with its reason' has_reason bad_wrong_key "another key's value"
check 'the torn value is reported with its reason' has_reason bad_tears 'torn'
check 'the crash is reported with its reason' has_reason bad_crashes 'signal'
check 'the hang is reported with its reason' has_reason bad_hangs 'deadline'
# A slow machine, or one with much memory, may reach the deadline first.
check 'a map that exhausts memory is stopped with the reason' has_reason bad_eats_memory \
	'"status":"failed","reason":"\(ended by signal\|did not end within\)'
done_testing
