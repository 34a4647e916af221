#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests the programs of the simulated machine: trials through the protocol, reasons for rejected
# maps, deadlocks and other errors that only the simulator reports, and properties of every correct
# model.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
. tests/tools/sim.sh
needs sim/null_map sim/gomap_rw sim/snapshot sim/gomap_ticket sim/ck_ht sim/urcu_lfht
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
build=${BUILD:-build/gcc}
python=$(report/find_python.sh)
fixtures=tests/fixtures

pauses() { nm "$build"/sim/impls/*/"$1.raw.o" | grep -q ' U rm_sim_relax'; }
[ "$(uname -m)" = x86_64 ] &&
	check 'a spinning core advances virtual time' pauses gomap_ticket
for map in ck_ht urcu_lfht; do
	[ -e "$sim/$map.no" ] || continue
	check "$map of a library is not simulated, with the reason" \
		grep -q "^calls .*, which is not simulated" "$sim/$map.no"
done
"$build/readmostly" dev list >"$dir/list"
check 'list shows whether a map is simulated' contains "$dir/list" '    sim        yes'

for map in null_map gomap_rw; do
	for cores in 1 2; do
		trial $map $cores >"$dir/answer"
		check "$map on $cores cores: the trial is ok" \
			[ "$(status_of <"$dir/answer")" = ok ]
		check "the counts are marked as simulated, $map $cores" \
			grep -q '"cpu":"simulated icelake-sp"' "$dir/answer"
		check "the answer matches the schema of results, $map $cores" \
			sh -c "$python tests/report/schemas.py trial-protocol result <$dir/answer"
	done
done
trial gomap_rw 128 window_ops=128 warm_up_ns=0 >"$dir/answer"
check '128 cores work' [ "$(status_of <"$dir/answer")" = ok ]
trial gomap_rw 129 >"$dir/answer"
check '129 cores are rejected' contains "$dir/answer" 'at most 128 cores'
for costs in '{"transfer":60.5}' '{"transfer":"60"}' '{"l1d-hit":0}' '{"hops":1}'; do
	trial gomap_rw 2 "costs=$costs" >"$dir/answer"
	check "costs $costs are rejected" \
		contains "$dir/answer" 'expected a cost of a machine'
done
trial gomap_rw 2 'costs={"transfer":300}' >"$dir/answer"
check 'the machine has the requested cost'"'"'s' contains "$dir/answer" 'transfer = 300\nupgrade'
trial gomap_rw 2 limit_ns=300.5 >"$dir/answer"
check 'a virtual time with a fraction of a nanosecond is rejected' \
	contains "$dir/answer" 'counters.limit_ns: expected'
trial gomap_rw 2 measure=verify window_ops=0 warm_up_ns=0 verify_ops=4000 \
	write_kind=churn keys=16 >"$dir/answer"
check 'a trial that accounts for values passes' [ "$(status_of <"$dir/answer")" = ok ]
check 'all kinds of writes run' contains "$dir/answer" '"accounting":"values"'

SIM_FIXTURES='deadlock livelock packed padded pingpong no_tls no_asm no_library'
[ "$(uname -m)" = x86_64 ] && SIM_FIXTURES="$SIM_FIXTURES no_vectors"
# shellcheck disable=SC2046
check 'the fixtures build with IMPL=' tests/tools/with_impl.sh "$dir/build" sim \
	$(for name in $SIM_FIXTURES; do echo $fixtures/sim_$name.c; done)
sim=$dir/build/maps/sim
refuses() { grep "$2" "$sim/sim_$1.no"; }
check 'a thread-local variable is rejected' refuses no_tls 'thread-local'
check 'inline assembly is rejected' refuses no_asm 'assembly'
check 'a library function that accesses memory is rejected' refuses no_library 'calls qsort_r'
[ "$(uname -m)" = x86_64 ] &&
	check 'wide vectors are rejected' refuses no_vectors '16 bytes\|needs'
trial sim_deadlock 3 >"$dir/answer"
check 'a deadlock ends the trial' [ "$(status_of <"$dir/answer")" = failed ]
check 'the reason lists the waiting cores' grep -q 'deadlock: cores wait.*core 0 for' "$dir/answer"
trial sim_livelock 2 limit_ns=100000 >"$dir/answer"
check 'a trial whose virtual time runs out fails' [ "$(status_of <"$dir/answer")" = failed ]
check 'the reason names the virtual time' contains "$dir/answer" 'virtual time ran out'
trial sim_livelock 1 limit_ns=100000 deadline_ns=5000000000 >"$dir/answer"
check 'the virtual time of a single core can run out, too' \
	contains "$dir/answer" 'virtual time ran out: core 0 is past 100000 ns'
trial sim_livelock 1 deadline_ns=1000000000 >"$dir/answer"
check 'the deadline ends a core that spins forever' contains "$dir/answer" \
	'90 % of its 1 s of real time: raise deadline in the workload file'

# metric NAME: its total in the answer.
metric() { total "$1" <"$dir/answer"; }
ops=$((8 * 1024))
trial sim_packed 8 write_share=0 >"$dir/answer"
check 'words in one line have at least one false-sharing invalidation per operation' \
	[ "$(metric false_sharing_invalidations)" -ge $((ops * 9 / 10)) ]
trial sim_padded 8 write_share=0 >"$dir/answer"
check 'padded words have no invalidation' [ "$(metric invalidations)" = 0 ]
check 'padded words have no coherence miss' [ "$(metric coherence_misses)" = 0 ]
trial sim_pingpong 8 write_share=0 >"$dir/answer"
check 'with one word every invalidation is true sharing' \
	[ "$(metric false_sharing_invalidations)" = 0 ]
sim=$build/maps/sim
for cores in 2 16 64; do
	trial snapshot $cores write_share=0 >"$dir/answer"
	check "a read-only snapshot has no coherence miss on $cores cores" \
		[ "$(metric coherence_misses)" = 0 ]
	trial gomap_rw $cores >"$dir/answer"
	check "gomap_rw has a coherence miss per operation on $cores cores" \
		[ "$(metric coherence_misses)" -ge $((cores * 1024)) ]
done
done_testing
