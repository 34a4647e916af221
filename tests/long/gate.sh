#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# gate.sh [N [KIND...]] - runs `make regress` N times (20) for each kind of head
# against base (HEAD, or the commit in BASE) and counts the verdicts.
#   aa        head equals base: one cell, 60 blocks
#   full      head equals base: the whole plan
#   +2%       head does 2 % more operations: the whole plan
#   look-ups line lock         a real slowdown (tests/fixtures/gate/KIND.patch)
#   padding renamed    the same code at other addresses
# Equal programs are measured, too, because this script does not pass the list of equal programs of
# regress-arms to regress.sh. Keep the machine idle: each run takes up to 5 minutes. Expected: PASS
# for equal heads and for other addresses, FAIL for the rest. Results of the runs stay in
# build/long/gate. Status 1: a wrong verdict (FAIL of an equal head, PASS of a slow one); 2: a head
# cannot be built.
cd "$(dirname "$0")/../.." || exit 2
n=${1:-20}
[ $# = 0 ] || shift
[ $# -gt 0 ] || set -- aa full +2% look-ups line lock padding renamed
unset MAKEFLAGS MFLAGS MAKELEVEL MAPS CELLS WORKLOAD MINUTES HEAD
base=$(git rev-parse --verify "${BASE:-HEAD}^{commit}") || exit 2
top=$PWD place=$PWD/build/long/gate
mkdir -p "$place"

prepare() { # KIND: clones base; its work tree then gets the changes of head
	tree=$place/$1
	rm -rf "$tree" && git clone -q --shared --no-checkout "$top" "$tree" &&
		git -C "$tree" checkout -q "$base" || exit 2
	[ ! -f "tests/fixtures/gate/$1.patch" ] ||
		git -C "$tree" apply "$top/tests/fixtures/gate/$1.patch" || exit 2
}
measure() { # ARGUMENTS of run: compares base with head, which does `share` more operations
	runner/regress.sh build/regress-{base,copy}/maps "build/regress-head/maps${share:-}" "$@"
}
run_gate() { # KIND: prints the verdict
	git -C "$tree" clean -xdfq results # old results would count as earlier attempts
	(cd "$tree" && export BUSY=ok WHY=no && case $1 in
	aa) make -s regress-arms BASE=HEAD MAPS=gomap_rw && MAPS=gomap_rw CELLS='gomap_rw 1Ki update*' \
		measure --set blocks=60 ;;
	full) make -s regress-arms BASE=HEAD && measure ;;
	+*) make -s regress-arms BASE=HEAD && share=$1 measure ;;
	lock) WORKLOAD=$top/tests/fixtures/gate/half-writes.conf make regress BASE=HEAD \
		MAPS=gomap_rw ARGS='--set blocks=60' ;;
	*) CELLS='gomap_rw 1Ki update*' make regress BASE=HEAD MAPS=gomap_rw \
		ARGS='--set blocks=60' ;;
	esac) >"$place/$1.log" 2>&1
	# Make changes every status to 2, so the verdict is taken from the output.
	sed -n 's/^verdict: \([A-Z]*\).*/\1/p' "$place/$1.log" | tail -n 1
}
wrong=0
for kind; do
	prepare "$kind"
	never=PASS
	case $kind in aa | full | padding | renamed) never=FAIL ;; esac
	: >"$place/$kind.verdicts"
	for _ in $(seq "$n"); do
		verdict=$(run_gate "$kind")
		[ -n "$verdict" ] || { tail -n 20 "$place/$kind.log" >&2; exit 2; }
		echo "$verdict" | tee -a "$place/$kind.verdicts"
	done
	echo "$kind: $(sort "$place/$kind.verdicts" | uniq -c | tr -s ' \n' ' ')"
	! grep -qx $never "$place/$kind.verdicts" || wrong=1
done
exit $wrong
