#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The recipes of docs/measurements.md that need another program do what their
# rows say: T3 (gdb, pahole), T7 (google-pprof), T8 (perf sched), and those of
# "Recipes, run here once" for perf and bpftrace. The commands are those of the
# page, in a shorter form only in their windows.
# slow: a minute of CPU time. alone: it counts what perf and bpftrace see of one process.
. tests/tools/tap.sh
needs plain/gomap plain/gomap_rw plain/syncmap stats/gomap_rw stats/syncmap
build=${BUILD:-build/gcc}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# The first command of a row, without its backticks, with this build's folder.
command_of() { # ID
	sed -n "s/^| $1 |[^|]*| \`\\([^\`]*\\)\`.*/\\1/p" docs/measurements.md |
		sed "s|build/gcc|$build|g; s| readmostly | $build/readmostly |g"
}
# The Nth command of a tool's row, files in a folder of the test's own.
recipe() { # TOOL N PROGRAM
	grep "^| $1 |" docs/measurements.md | cut -d'|' -f3 | grep -o '`[^`]*`' |
		sed -n "$2s/\`//gp" | sed "s|PROGRAM|$3|g; s|s\.data|$dir/s.data|
			s|^perf record|& -o $dir/cpu.data|; s|^perf report|& -i $dir/cpu.data|"
}
missing() { # PROGRAM
	! command -v "$1" >/dev/null 2>&1
}
run() { # WHAT COMMAND...: says the last lines where it fails
	local what=$1; shift
	"$@" >"$dir/$what" 2>&1 ||
		{ tail -n 5 "$dir/$what" | sed 's/^/# /'; false; }
}
above() { # SHARE LEAST
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > b) }'
}

layout() { # T3
	local command
	command=$(grep -o "gdb -nx -batch -ex 'ptype[^\`]*" \
		docs/measurements.md | sed "s|build/gcc|$build|")
	run layout eval "$command" &&
		grep -q 'total size (bytes): *48 ' "$dir/layout" &&
		grep -q '40 .*extra;' "$dir/layout"
}
packed() { # pahole says the same where it is there
	run pahole pahole -C gomap "$build/impls/gomap/gomap.o" &&
		grep -q 'size: 48,' "$dir/pahole"
}
if missing gdb; then
	skip 'T3: the header of a map has 48 bytes, extra at 40' \
		'gdb is not installed'
else
	check 'T3: the header of a map has 48 bytes, extra at 40' layout
fi
if missing pahole; then
	skip 'T3: pahole says the same' 'pahole is not installed'
else
	check 'T3: pahole says the same' packed
fi

stores() { # T7: W25, on a sync.Map
	local command
	command=$(command_of T7)
	command=${command/window=30s/window=1s}
	command=${command/stores.prof/$dir/stores.prof}
	command=${command/results\/stores/$dir/stores}
	# status 3: a trial is void, as on a busy machine; it ran all the same
	run record env CPUPROFILE_FREQUENCY=1000 sh -c "$command; [ \$? = 0 -o \$? = 3 ]" &&
		grep -q '"cell":"store-only/syncmap/' "$dir/stores/trials.jsonl"
}
profiled() { # the window's process alone is in the loop of the measured trial
	for file in "$dir"/stores.prof_*; do
		google-pprof --text --cum "$build/maps/plain/syncmap" "$file" 2>/dev/null >"$dir/shares"
		! grep -q ' drive_u64x8_mix' "$dir/shares" || return 0
	done
	return 1
}
profiles() { # own in columns 1 and 2, with what it calls in 4 and 5
	local store own memory
	store=$(awk '$NF == "write_u64x8" { print $5 + 0 }' "$dir/shares")
	own=$(awk '$NF == "write_u64x8" { print $2 + 0 }' "$dir/shares")
	memory=$(awk '/malloc$|free$/ { sum += $2 } END { print sum + 0 }' "$dir/shares")
	echo "# store ${store} %, without what it calls ${own} %, allocator ${memory} %"
	above "$store" 20 && above "$store" "$own" && above "$memory" 5
}
if missing google-pprof || ! ldconfig -p | grep -q libprofiler.so.0; then
	skip 'T7: the command of the page records stores of a sync.Map' \
		'google-perftools is not installed'
else
	check 'T7: the command of the page records stores of a sync.Map' stores
	check 'T7: the window has a profile of its own' profiled
	check 'T7: it has store, with its callees, and allocator apart' profiles
fi

may_trace() {
	! missing perf && perf sched record -o "$dir/try" true >/dev/null 2>&1
}
schedule() { # T8
	local command
	command=$(command_of T8)
	command=${command/FILE/workloads\/store-only.conf --maps syncmap --set threads=2 --set measure=throughput --set window=50ms}
	command=${command/sched.data/$dir/sched.data}
	command=${command/timeline.json/$dir/timeline.json}
	run sched eval "$command" && [ -s "$dir/timeline.json" ] &&
		run timehist perf sched timehist -i "$dir/sched.data" --summary &&
		grep -q 'readmostly' "$dir/timehist"
}
if may_trace; then
	check 'T8: the command of the page tells who ran and who waited' schedule
else
	skip 'T8: the command of the page tells who ran and who waited' \
		'perf sched cannot record here'
fi

dumps="$build/readmostly dev dump gomap --keys 1M"
# Leaves in `why` what keeps a tool from looking here, the kernel or nothing.
try() { # COMMAND...
	why="$1 is not installed"
	missing "$1" && return
	why=
	"$@" >"$dir/try" 2>&1 ||
		why="$1 cannot look here: $(grep . "$dir/try" | tail -n 1)"
}
fact() { # NAME COMMAND: skipped where `why` says so
	if [ -n "$why" ]; then skip "$1" "$why"; else check "$1" "$2"; fi
}

sampled() {
	run cpu eval "$(recipe 'perf, CPU profile' 1 "$dumps")" &&
		run own eval "$(recipe 'perf, CPU profile' 2 '')" &&
		grep -q '^ *[0-9.]*% .*gomap .*\[\.\] ' "$dir/own"
}
folded() {
	run folded eval "$(recipe 'flame graph' 1 '')" &&
		grep -q '^[0-9.]*% [^ ]*;[^ ]*$' "$dir/folded"
}
try perf record -o "$dir/try.data" -e cpu-clock -g true
fact 'perf, CPU profile: the program has own time by the clock' sampled
fact 'flame graph: perf report folds its stacks' folded

waited() {
	run record eval "$(recipe 'perf sched' 1 "$dumps")" &&
		run latency eval "$(recipe 'perf sched' 3 '')" &&
		grep -q ' gomap:' "$dir/latency"
}
try perf sched record -o "$dir/try.data" true
fact 'perf sched: its latency has the program' waited

futexes() { # of the counted build, whose threads wait for each other
	run futexes eval "$(recipe 'bpftrace, waits in futexes' 1 "$build/readmostly run \
workloads/store-only.conf --maps syncmap --set threads=2 --set window=20ms \
--set blocks=1 --set measure=causes --busy-ok --counters none -o $dir/waits")" &&
		grep -q '^@\[[0-9]*\]: [1-9]' "$dir/futexes"
}
calls() {
	run calls eval "$(recipe 'bpftrace, calls' 1 "$build/readmostly")" &&
		grep -q '^@\[.*\]: [1-9]' "$dir/calls"
}
try bpftrace -e 'tracepoint:syscalls:sys_enter_futex { @ = count(); }' -c /bin/true
fact 'bpftrace: threads of the counted build wait in futexes' futexes
fact 'bpftrace: a table that grows is evacuated' calls

done_testing
