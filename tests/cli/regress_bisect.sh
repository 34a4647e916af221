#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# slow: builds 16 commits several times, and only one tool of the gate depends on it.
# Tests make regress-bisect in its own repository of 16 commits. It finds the injected bad commit,
# skips commits that do not build or have no verdict, continues after a kill, and does not change
# the user's tree. The judge is a script that reads the built program; tests/long/bisect.sh uses the
# real judges.
. tests/tools/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL GOOD BAD CELL CC
export FULL=none KILL=none
report/find_python.sh >/dev/null || exit 3

tree=$dir/small
mkdir -p "$tree/runner" "$tree/report"
cp -r report/*.py report/find_python.sh report/gate report/exact report/load \
	report/stats "$tree/report/"
cp runner/regress_bisect.sh runner/regress_builds.sh "$tree/runner/"
mkdir -p "$tree/runner/base" && cp runner/base/environment.* "$tree/runner/base"
in_tree() { (cd "$tree" && "$@"); }
commit() { in_tree git add -A && in_tree git -c user.name=n -c user.email=n@n commit -qm "$1"; }
# The smallest tree that can be built. The program of a map is a text file with a number. If FULL is
# this number, the program cannot be written; if KILL is this number, the compiler is killed.
cat >"$tree/Makefile" <<'MAKE'
$(OUT)/readmostly:
	@mkdir -p $(OUT) && : >$@
$(OUT)/maps/plain/m: value
	@mkdir -p $(@D)
	! grep -qxF "$$FULL" value || { echo "as: $@: No space left on device" >&2; exit 1; }
	! grep -qxF "$$KILL" value || kill -9 $$$$
	grep -q '^[0-9]' value || { echo "error: no number" >&2; exit 1; }
	cp value $@
MAKE
echo build >"$tree/.gitignore"
in_tree git init -q
for n in $(seq 0 16); do
	echo "$n" >"$tree/value"
	[ "$n" != 7 ] && [ "$n" != 8 ] || echo "broken $n" >"$tree/value"
	commit "Commit $n"
done
# Commits from number FIRST on are bad; the numbers in SKIP are skipped.
cat >"$dir/judge" <<'JUDGE'
#!/bin/sh
n=$(cat "$2/maps/plain/m")
echo "$n" >>"$0.calls"
case " $SKIP " in *" $n "*) exit 125 ;; esac
[ "$n" != "${BREAK:-none}" ] || exit 2
[ "$n" != "${STOP:-none}" ] || kill -9 "-$(ps -o pgid= $$ | tr -d ' ')"
[ "$n" -lt "$FIRST" ]
JUDGE
chmod +x "$dir/judge"
bisect() { # NAME FIRST [SKIP [STOP]]: sets status
	name=$1
	(cd "$tree" && JUDGE=$dir/judge FIRST=$2 SKIP=${3-} STOP=${4-} \
		setsid -w runner/regress_bisect.sh HEAD~16 HEAD m) >"$dir/$1" 2>"$dir/$1.err"
	status=$?
	sed 's/^/# /' "$dir/$1" "$dir/$1.err"
}
bisect_clean() { rm -rf "$tree/build"; bisect "$@"; }

echo "mine, not committed" >>"$tree/value"
before=$(in_tree git status --porcelain; in_tree git rev-parse HEAD; cat "$tree/value")
for first in 1 3 6 11 16; do
	bisect_clean "first$first" $first
	check "commit $first of 16 is found" contains "$dir/first$first" " Commit $first"
	[ $status = 0 ] || check "with status 0" false
done
check "the user's tree is unchanged" [ "$before" = \
	"$(in_tree git status --porcelain; in_tree git rev-parse HEAD; cat "$tree/value")" ]
check "no worktree or bisect is left" eval '[ "$(in_tree git worktree list | wc -l)" = 1 ] &&
	[ ! -e "$tree/.git/BISECT_LOG" ]'

bisect_clean skip 9
check "if two commits before the bad one do not build, the result is open" [ $status = 3 ]
check "all candidates are printed" [ "$(grep -cE '^[0-9a-f]{40}$' "$dir/skip")" = 3 ]
check "a commit that does not build is skipped, with the reason" grep -q \
	'^skipped .*Commit [78]: does not build' "$dir/skip.err"
bisect_clean open 12 "11 13"
check "if the judge skips these commits, the result is open, too" [ $status = 3 ]

bisect_clean killed 14 '' 13
# SIGKILL was sent to all processes of the bisect. Each of them holds the lock until it has ended.
flock -w 300 "$tree/build/regress-bisect/lock" true
check "a killed run prints no commit" [ ! -s "$dir/killed" ]
check "a kill leaves the user's tree unchanged" [ "$before" = \
	"$(in_tree git status --porcelain; in_tree git rev-parse HEAD; cat "$tree/value")" ]
: >"$dir/judge.calls"
bisect resumed 14
check "the same call continues" contains "$dir/resumed.err" "resuming: "
check "the resumed bisect finds the commit" contains "$dir/resumed" " Commit 14"
check "the resumed bisect does not judge both ends again" \
	[ "$(grep -cxE '0|16' "$dir/judge.calls")" = 0 ]
check "the resumed bisect leaves no worktree" [ "$(in_tree git worktree list | wc -l)" = 1 ]

BREAK=13 bisect_clean broken 14
check "an unexpected status of the judge finds nothing" eval '[ $status = 2 ] && [ ! -s "$dir/broken" ]'
check "the unexpected status is reported" contains "$dir/broken.err" "ended with status 2"
bisect mended 14
check "the same call runs the judge again, and continues" contains "$dir/mended" " Commit 14"

# A full disk does not lead to a verdict. The commit is judged when the disk has space again.
for how in FULL KILL; do
	for n in 0 13 16; do
		declare -x "$how=$n"
		bisect_clean $how$n 14
		declare -x "$how=none"
		check "$how of commit $n: nothing is found" eval '[ $status = 2 ] && [ ! -s "$dir/$how$n" ]'
		check "$how of commit $n: the reason is printed" grep -q \
			'no space left on its disk: make room\|compiler was killed' "$dir/$how$n.err"
		bisect after_$how$n 14
		check "$how of commit $n: the same call judges it" contains "$dir/after_$how$n" " Commit 14"
	done
done

bisect_clean equal 99
check "a BAD that is good is status 2" [ $status = 2 ]
check "the error names the BAD that is good" \
	contains "$dir/equal.err" "is judged good: there is nothing to find"
bisect_clean both 0
check "a GOOD that is bad is status 2" [ $status = 2 ]
refused() { # WORDS GOOD BAD CELL
	(cd "$tree" && JUDGE=${JUDGE:-$dir/judge} runner/regress_bisect.sh "$2" "$3" "$4") >"$dir/out" 2>&1
	[ $? = 2 ] && contains "$dir/out" "$1"
}
check "a missing ref is reported" refused "GOOD=none: no such commit" none HEAD m
check "GOOD after BAD is reported" refused "is not an ancestor" HEAD HEAD~1 m
JUDGE=exact
check "an invalid cell is reported" refused "expected MAP/nKEYS" HEAD~1 HEAD m
mkdir -p "$tree/impls/x" && : >"$tree/impls/x/m.c"
check "a share of misses that no judge supports is rejected" refused "m10" HEAD~1 HEAD \
	w/m/u64x8/n1024/w3/update/m10/uniform/t1/cores/100ops/throughput
check "a distribution that no judge supports is rejected" refused "zipf:0.99" HEAD~1 HEAD \
	w/m/u64x8/n1024/w3/update/m0/zipf:0.99/t1/cores/throughput

# The exact judge, with text files as programs. A commit whose message accepts a changed count is
# not the first bad one.
tree=$dir/exact
mkdir -p "$tree/runner" "$tree/report" "$tree/docs" "$tree/impls/x"
cp -r report/*.py report/find_python.sh report/gate report/exact report/load \
	report/stats "$tree/report/"
cp runner/regress_bisect.sh runner/regress_builds.sh "$tree/runner/"
mkdir -p "$tree/runner/base" && cp runner/base/environment.* "$tree/runner/base"
cp docs/cell.schema.json "$tree/docs/"
: >"$tree/impls/x/m.c"
cat >"$tree/plan.json" <<'JSON'
{"cells": [{"id": "c", "map": "m", "keys": 1024, "write_kind": "update", "threads": 1, "measure": "simulated:x"}]}
JSON
/usr/bin/python3 - >"$tree/result.json" <<'END'
import json
names = ("l1d_misses coherence_misses false_sharing_misses invalidations "
         "false_sharing_invalidations upgrades loads stores rmws").split()
result = json.dumps({"status": "ok", "ops": 1, "writes": 0, "stats": [], "counters": {
    "unsimulated_accesses": 0, "regions": [],
    "events": [{"metric": n, "total": "VALUE" if n == "rmws" else 0} for n in names]}})
print(result.replace('"VALUE"', "VALUE"))
END
cat >"$tree/Makefile" <<'MAKE'
$(OUT)/readmostly $(OUT)/maps/plain/m $(OUT)/maps/sim/m: value
	@mkdir -p $(@D)
	{ echo '#!/bin/sh'; echo "cat <<'END'"; sed "s/VALUE/$$(cat value)/" \
	$(if $(filter %/sim/m,$@),result,plan).json; echo END; } >$@
	chmod +x $@
MAKE
echo build >"$tree/.gitignore"
in_tree git init -q
change() { # VALUE MESSAGE
	echo "$1" >"$tree/value"
	commit "$2"
}
change 4 Good
change 5 "Order growth by a lock

Counts: m/n1024/update/t1 rmws 4 -> 5: growth is ordered"
change '5 ' "Words alone"
change 9 "Bad"
(cd "$tree" && JUDGE=exact runner/regress_bisect.sh HEAD~3 HEAD m/n1024/update/t1) >"$dir/accepted" 2>&1
check "an accepted count is not attributed to a later commit" \
	grep -qE '^first bad commit: [0-9a-f]{40} Bad$' "$dir/accepted"
sed 's/^/# /' "$dir/accepted"

done_testing
