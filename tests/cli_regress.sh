#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The gate on real trials: base against itself, and against a head that does
# 2 % more. Noise may leave either undecided; wrong it may not be.
# Half the planned blocks: this shows that it works, regress-tally how well.
. tests/tap.sh
build=$(realpath "${BUILD:-build/gcc}")
python=$(report/find_python.sh) || exit 3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp --reflink=never "$build/readmostly" "$dir/copy"

gate() { # NAME ARGUMENTS...: sets status; its table is in $dir/NAME
	name=$1; shift
	"$python" -m report.regress --base "$build/readmostly" \
		--copy "$dir/copy" --head "$build/readmostly" \
		--results "$dir/results" --blocks 30 "$@" \
		>"$dir/$name" 2>"$dir/$name.err"
	status=$?
	sed 's/^/# /' "$dir/$name" "$dir/$name.err"
}
lines() { grep -c -- "$1" "$dir"/results/*/trials.jsonl; }

gate same
check "base against itself is not FAIL" [ $status = 0 -o $status = 3 ]
check "it has an A/A control" says "$dir/same" "A/A gomap_rw t1"
check "it has a slowed control" says "$dir/same" "slowed gomap_rw t1"
check "every trial gave an answer" [ "$(lines '"status": "failed"')" = 0 ]
check "arms are paired: as many of base as of head" \
	[ "$(lines '"arm": "base"')" = "$(lines '"arm": "head"')" ]
check "30 blocks of the gated cells, at the least" \
	[ "$(lines '"arm": "head"')" -ge 90 ]
check "the last line is the page" grep -q '^report: .*index.html$' "$dir/same"
rm -r "$dir/results"

gate slow --head-extra 0.02
check "2 % more work is not PASS" [ $status = 1 -o $status = 3 ]

check "a ref that is none is named" sh -c '
	! make -s regress BASE=no-such-ref 2>&1 >/dev/null |
	grep -vq "no-such-ref: no such commit\|Error"'
check "make regress needs a BASE" sh -c '
	make -s regress 2>&1 | grep -q "expected BASE=<git ref>"'
done_testing
