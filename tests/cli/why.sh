#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Why a verdict is red, of real programs: another layout names no function, an
# edit its own; what objdump and cachegrind said is told; a tool that is missing
# is one line. The long form: tests/tools/why_layout.py.
# slow: builds programs; not part of `make check`.
. tests/tools/tap.sh
build=${BUILD:-build/gcc}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
command -v objdump >/dev/null || exit 3

/usr/bin/python3 tests/tools/why_layout.py "$build" --quick >"$dir/layout"
check "another layout names no function, and a plant its own" [ $? = 0 ]
sed 's/^/# /' "$dir/layout"
check "of four layouts and a plant" [ "$(grep -c '^| ok |' "$dir/layout")" = 5 ]

# The folder of the exact gate as its script leaves it: one cell of a map, red
# by a plant in head's answer, and arms that are one folder.
mkdir -p "$dir/gate/base" "$dir/gate/head"
make -s BUILD="$build" OUT="$dir/out" NEEDED='plain/gomap_rw sim/gomap_rw' programs >/dev/null
"$dir/out/readmostly" plan --json --maps gomap_rw --set keys=1Ki \
	--set write-kind=update --set threads=1 workloads/regress-exact.conf \
	>"$dir/gate/plan.json"
/usr/bin/python3 -m report.exact requests "$dir/gate"
for arm in base head; do
	"$dir/out/maps/sim/gomap_rw" trial <"$dir/gate/requests/000" >"$dir/gate/$arm/000"
	echo $? >"$dir/gate/$arm/000.status"
	: >"$dir/gate/$arm/000.err"
done
sed -i 's/\("metric":"rmws",[^}]*"total":\)[0-9]*/\17/' "$dir/gate/head/000"
printf 'base aaaa\nbase_ref v1\nhead bbbb\nhead_ref \nhead_changed \ncompiler gcc\n' \
	>"$dir/gate/about"
echo "Change it" >"$dir/gate/message"
why() { # NAME [PATH]: the reasons, with another PATH
	PATH=${2:-$PATH} PYTHON=/usr/bin/python3 runner/why.sh exact "$dir/gate" \
		"$dir/$1.d" "$dir/out/maps" "$dir/out/maps" >"$dir/$1" 2>&1
	status=$?
	sed 's/^/# /' "$dir/$1"
}
why same
check "reasons have status 0" [ $status = 0 ]
check "the count is told" says "$dir/same" "-> 7 (x "
check "equal programs have no other code" says "$dir/same" \
	"code: no function that the measured loop calls is other machine code"
check "and the same loop" says "$dir/same" \
	"loop: that of drive_u64x8_mix is the same code"
check "the command that shows it again is told" says "$dir/same" \
	"again: make regress-exact BASE=aaaa MAPS=gomap_rw ARGS='--set keys=1024 --set write-kind=update --set threads=1'"
if command -v valgrind >/dev/null; then
	check "cachegrind counts equal programs equal" grep -q \
		'instructions: equal, [0-9]* in the map' "$dir/same"
fi

# A red time: what counters say, here of counts that are replayed.
cat >"$dir/timed.conf" <<'CONF'
writes = 3%
write-kind = update
keys = 1Ki
shape = u64x8
threads = 1
warm-up = 1ms
window = 4ms
blocks = 1
maps = gomap_rw
CONF
program=$dir/out/maps/plain/gomap_rw
cp "$program" "$dir/copy"
"$dir/out/readmostly" run --busy-ok --counters none --arms "base=$program,head=$dir/copy" \
	--note "commit=$(git rev-parse HEAD)" -o "$dir/timed" "$dir/timed.conf" >"$dir/ran" 2>&1 || sed 's/^/# /' "$dir/ran"
mkdir "$dir/timed/report"
cell=$(grep -o 'timed/gomap_rw/[^"]*ops/throughput' "$dir/timed/campaign.json" | head -n 1)
printf '{"cells": [{"cell": "%s", "verdict": "FAIL", "slowdown_percent": 3, "low_percent": 2, "high_percent": 4, "n": 1}]}\n' \
	"$cell" >"$dir/timed/report/verdicts.json"
why_time() { # COUNTERS: the lines about counters; nothing can be built to be simulated
	CC=false BUILD=$dir/nothing COUNTERS=$1 PYTHON=$(report/find_python.sh) RUNNER=$dir/out/readmostly INSTRUCTIONS=no \
		runner/why.sh time "$dir/timed" "$dir/timed/report/why" "$program" "$dir/copy" >"$dir/time" 2>&1
	status=$?
	sed 's/^/# /' "$dir/time"
}
why_time replay:tests/fixtures/counters.jsonl
# in whatever order: a window of time has now more operations, now less
alike=$(sed -n 's/.*counters: not told apart: //p' "$dir/time" | sed 's/, /\n/g' | sort | paste -sd' ')
check "replayed counts of equal programs are not told apart" \
	[ "$alike" = "cycles dc_load instructions l1d_fill_demand" ]
check "of 15 trials of each arm" \
	[ "$(grep -c '"arm":"\(base\|head\)".*"status":"ok"' "$dir/timed/report/why/counters/trials.jsonl")" -ge 30 ]
check "and base's commit, which the campaign names, is simulated" says "$dir/time" \
	"counting what is red on the simulated machine"
why_time none
check "none is asked where none is wanted" says "$dir/time" "counters: not read: COUNTERS=none"
why_time replay:"$dir/nothing"
check "what cannot be read is told" eval '[ $status = 0 ] && grep -q "counters: not read: .*nothing" "$dir/time"'

# Without the tools, in a place that has all others.
mkdir "$dir/bin"
for tool in bash sh cat mkdir rm nproc xargs tail echo git; do
	ln -s "$(command -v $tool)" "$dir/bin/$tool"
done
why bare "$dir/bin"
check "without valgrind there are reasons" [ $status = 0 ]
check "without valgrind one line says so" [ "$(grep -c 'valgrind is not installed' "$dir/bare")" = 1 ]
check "without objdump one line says so" [ "$(grep -c 'objdump is not installed' "$dir/bare")" = 1 ]
check "and the count is told" says "$dir/bare" "-> 7 (x "
done_testing
