#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the recipes of docs/measurements.md that need another program: T3 (gdb, pahole), T8 (perf
# sched), and perf and bpftrace in "Recipes, run here once". The commands are taken from the page,
# with shorter windows.
# slow: a minute of CPU time.
# alone: it counts the events of one process that perf and bpftrace record.
. tests/tools/tap.sh
needs plain/gomap plain/gomap_rw plain/syncmap stats/gomap_rw stats/syncmap
build=${BUILD:-build/gcc}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# Prints the first command of a row, without backticks, with the build folder of this test.
command_of() { # ID
	sed -n "s/^| $1 |[^|]*| \`\\([^\`]*\\)\`.*/\\1/p" docs/measurements.md |
		sed "s|build/gcc|$build|g; s| readmostly | $build/readmostly |g"
}
# Prints the Nth command of a tool's row, with files in the folder of this test.
recipe() { # TOOL N PROGRAM
	grep "^| $1 |" docs/measurements.md | cut -d'|' -f3 | grep -o '`[^`]*`' |
		sed -n "$2s/\`//gp" | sed "s|PROGRAM|$3|g; s|s\.data|$dir/s.data|"
}
missing() { # PROGRAM
	! command -v "$1" >/dev/null 2>&1
}
run() { # WHAT COMMAND...: runs the command; if it fails, prints its last lines
	local what=$1; shift
	"$@" >"$dir/$what" 2>&1 ||
		{ tail -n 5 "$dir/$what" | sed 's/^/# /'; false; }
}
layout() { # T3
	local command
	command=$(grep -o "gdb -nx -batch -ex 'ptype[^\`]*" \
		docs/measurements.md | sed "s|build/gcc|$build|")
	run layout eval "$command" &&
		grep -q 'total size (bytes): *48 ' "$dir/layout" &&
		grep -q '40 .*extra;' "$dir/layout"
}
packed() { # true if pahole prints the same layout
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
	skip 'T3: pahole prints the same layout' 'pahole is not installed'
else
	check 'T3: pahole prints the same layout' packed
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
	check 'T8: the command shows which threads ran and waited' schedule
else
	skip 'T8: the command shows which threads ran and waited' \
		'perf sched cannot record here'
fi

dumps="$build/readmostly dev dump gomap --keys 1M"
# Runs a tool. If it cannot run, sets `why` to the reason, otherwise to "".
try() { # COMMAND...
	why="$1 is not installed"
	missing "$1" && return
	why=
	"$@" >"$dir/try" 2>&1 ||
		why="$1 cannot look here: $(grep . "$dir/try" | tail -n 1)"
}
check_unless_skipped() { # NAME COMMAND: skipped if `why` is set
	if [ -n "$why" ]; then skip "$1" "$why"; else check "$1" "$2"; fi
}

waited() {
	run record eval "$(recipe 'perf sched' 1 "$dumps")" &&
		run latency eval "$(recipe 'perf sched' 3 '')" &&
		grep -q ' gomap:' "$dir/latency"
}
try perf sched record -o "$dir/try.data" true
check_unless_skipped 'perf sched: its latency report has the program' waited

futexes() { # uses the stats build, in which threads wait for each other
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
check_unless_skipped 'bpftrace: threads of the stats build wait in futexes' futexes
check_unless_skipped 'bpftrace: a growing table is evacuated' calls

done_testing
