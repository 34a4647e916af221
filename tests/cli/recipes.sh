#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the recipes of docs/measurements.md that need another program: T3 (gdb, pahole) and T8 (perf
# sched). The commands are taken from the page, with shorter windows.
# slow: it needs perf and a kernel that permits traces.
# alone: perf records one process.
. tests/tools/tap.sh
needs plain/gomap plain/syncmap
build=${BUILD:-build/gcc}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# Prints the first command of a row, without backticks, with the build folder of this test.
command_of() { # ID
	sed -n "s/^| $1 |[^|]*| \`\\([^\`]*\\)\`.*/\\1/p" docs/measurements.md |
		sed "s|build/gcc|$build|g; s| readmostly | $build/readmostly |g"
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

done_testing
