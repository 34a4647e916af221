#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# regress_bisect.sh GOOD BAD CELL - `make regress-bisect`: finds the commit that made a cell fail, by `git bisect run`
# in a worktree of its own, build/regress-bisect/tree; the user's tree is not touched.
# CELL: MAP/nKEYS/KIND/tTHREADS, as printed by the exact gate, or a cell's id.
# JUDGE: exact (counts differ from GOOD's), time (slower than GOOD, by looks at 60, 120 and 240 pairs,
# report/gate/looks.py), or a program. The program gets a commit and the folder of its build and exits as for git bisect
# run: 0 good, 1 bad, 125 skip; any other status stops the bisect.
# A commit that does not build, or stays undecided, is skipped. A full disk or a killed compiler stops the bisect.
# Decisions are kept, so that the same command continues after an interruption. Status: 0 found; 3 skipped commits are
# in the way; 2 usage or input.
wrong=2
# git bisect run calls --step in the worktree. Its errors exit with 255, since git regards 2 as bad.
[ "$1" != --step ] || { wrong=255; CDPATH='' cd "$2" || exit 255; }
. runner/base/environment.sh
export LC_ALL=C
home=$PWD place=$PWD/build/regress-bisect cc=${CC:-gcc} judge=${JUDGE:-exact}
tree=$place/tree odd=''
fail() { echo "regress-bisect: $*" >&2; exit $wrong; }
. runner/regress_builds.sh

# conf_of CELL: prints a workload with this cell for the judge. The first part of an id is the name of a workload. Fails
# at a part that no judge supports.
conf_of() {
	local part map= keys= kind= threads= share=3% shape=u64x8 at=0
	for part in ${1//\// }; do
		at=$((at + 1))
		case $part in
		n[0-9]*) keys=${part#n} ;;
		t[0-9]*) threads=${part#t} ;;
		w[0-9]*) share=${part#w}% ;;
		update | churn | fresh) kind=$part ;;
		u64x* | str16x*) shape=$part ;;
		m0 | uniform | cores | throughput | simulated:* | [0-9]*ops) ;;
		*)
			if ls impls/*/"$part".c* >/dev/null 2>&1; then map=$part
			elif [ $at != 1 ]; then
				odd=$part
				return 1
			fi
			;;
		esac
	done
	[ "$map" ] && [ "$keys" ] && [ "$kind" ] && [ "$threads" ] || return
	printf '%s = %s\n' maps "$map" keys "$keys" write-kind "$kind" \
		threads "$threads" writes "$share" shape "$shape"
	if [ "$judge" = time ]; then
		printf '%s = %s\n' measure throughput warm-up 8ms window 25ms \
			deadline 10s blocks 60 verify 100kops
	else
		printf '%s = %s\n' measure simulated:icelake-sp warm-up 0s \
			window 8000ops deadline 10min blocks 1
	fi
}

# make regards files with equal times as up to date, and within one tick of the file system's clock (up to 10 ms) all
# times are equal. So this waits until files of the next checkout are newer than what was built.
tick() { sleep 0.02; }
# build_commit COMMIT: checks the commit out and builds the map's program for the judge, in $place/out/maps. Objects are
# kept, so that only changed files are compiled.
build_commit() {
	local want="$place/out/maps/plain/$map" status
	[ "$judge" != exact ] || want=$place/out/maps/sim/$map
	# GOOD's readmostly plans and runs
	[ "$1" != "$good" ] || want="$want $place/out/readmostly $place/out/maps/plain/$map"
	git -C "$tree" checkout -q --force --detach "$1" 2>"$place/checkout.log" ||
		fail "${1:0:12} cannot be checked out: $(explain_git "$(cat "$place/checkout.log")")"
	# shellcheck disable=SC2086
	make --no-print-directory -s -j"$(nproc)" -C "$tree" CC="$cc" BUILD="$place/objects" \
		OUT="$place/out" $want \
		>"$place/build.log" 2>&1
	status=$?
	tick # git bisect checks out when this step ends; failed builds wrote files, too
	return $status
}

# Stops if the machine is the cause of a failed build; otherwise the commit would be kept as skipped.
machine_failed() {
	local log=$place/build.log
	! is_full "$place" "$log" || no_room "$place"
	! grep -qE '(^|[] :])Killed( signal|$)|Error 137$|Cannot allocate memory|out of memory allocating' "$log" ||
		fail "a compiler was killed, or memory ran out ($log): run the same command to continue"
}
# run_requests FOLDER: runs the cell's requests with the built program.
run_requests() {
	mkdir -p "$1"
	"$place/out/maps/sim/$map" trial <"$place/exact/requests/000" >"$1/000" 2>"$1/000.err"
	echo $? >"$1/000.status"
}
judge_exact() { # COMMIT
	rm -rf "$place/exact/head"
	run_requests "$place/exact/head"
	printf 'base %s\nbase_ref GOOD\nhead %s\nhead_changed \ncompiler %s\n' \
		"$good" "$1" "$cc" >"$place/exact/about"
	# as in the gate, later commits inherit the changes that a commit accepted
	git log --reverse --topo-order --format=%B "$good..$1" >"$place/exact/message"
	"$python" -m report.exact decide "$place/exact" >"$place/told"
	case $? in 0) return 0 ;; 1) return 1 ;; *) return 255 ;; esac
}
judge_time() { # COMMIT: judges at a fixed series of looks
	local look blocks status folders=()
	cp "$place/out/maps/plain/$map" "$place/head" || return 255
	for look in 1:60 2:60 3:120; do
		blocks=${look#*:} folders+=("$place/looks/${1:0:12}-${look%:*}")
		[ -f "${folders[-1]}.whole" ] || {
			rm -rf "${folders[-1]}"
			"$place/good/readmostly" run --no-page --counters none --busy-ok \
				--arms "base=$place/good/maps/plain/$map,head=$place/head" \
				--set "blocks=$blocks" --seed "${look%:*}" -o "${folders[-1]}" \
				"$place/cell.conf" >"$place/run.log" 2>&1
			status=$?
			[ $status != 2 ] && [ $status != 75 ] || return 255
			: >"${folders[-1]}.whole"
		}
		"$python" -m report.gate.looks "${folders[@]}" >"$place/told"
		status=$?
		case $status in 0 | 1) return $status ;; 2) return 255 ;; esac
	done
	return 125
}

# judge_commit COMMIT: returns 0 (good), 1 (bad), 125 (skip), or a status that stops the bisect.
# Stores the result by commit.
judge_commit() {
	local status
	status=$(sed -n "s/^$1 //p" "$place/judged" | tail -n 1)
	[ -z "$status" ] || return "$status"
	: >"$place/told"
	if ! build_commit "$1"; then
		machine_failed
		status=125
		echo "does not build ($(grep -m 1 -i error "$place/build.log" | cut -c1-120))" >"$place/told"
	else
		case $judge in
		exact | time) "judge_$judge" "$1" ;;
		*) "$judge" "$1" "$place/out" >"$place/told" 2>&1 ;;
		esac
		status=$?
	fi
	case $status in
	0) word=good ;; 1) word=bad ;; 125) word=skipped ;;
	*) word="ended with status $status" status=255 ;; # git takes 2 to 127 for bad
	esac
	echo "$word ${1:0:12} $(git log -1 --format=%s "$1" | cut -c1-60): $(head -n 1 "$place/told" | cut -c1-160)" >&2
	[ $status -gt 125 ] || echo "$1 $status" >>"$place/judged"
	return $status
}

commit_of() { git rev-parse -q --verify "$2^{commit}" || fail "$1=$2: no such commit, expected a ref (git fetch)"; }
[ -n "${python:=${PYTHON-}}" ] || find_python || fail "no Python with numpy and scipy"
export PYTHON="$python"
if [ "$1" = --step ]; then
	. /dev/stdin <"$place/plan" || exit 255
	judge_commit "$(git -C "$tree" rev-parse HEAD)"
	exit
fi
[ $# = 3 ] && [ -n "$1" ] && [ -n "$2" ] && [ -n "$3" ] ||
	fail "expected GOOD=<ref> BAD=<ref> CELL=MAP/nKEYS/KIND/tTHREADS"
need_clone regress-bisect
good=$(commit_of GOOD "$1") && bad=$(commit_of BAD "$2") || exit
git merge-base --is-ancestor "$good" "$bad" || fail "GOOD=$1 is not an ancestor of BAD=$2"
case $judge in exact | time) ;; *)
	judge=$(command -v "$judge") && judge=$(realpath "$judge") || fail "JUDGE=$JUDGE: expected exact, time or a program" ;;
esac

# Writes the plan first. Results of an earlier call with the same plan are kept; results of a different plan are
# deleted.
mkdir -p "$place" && : >>"$place/lock" || fail "$place cannot be written"
exec 9>>"$place/lock"
flock -n 9 || fail "another bisect runs in this tree"
case $judge in
exact | time)
	conf_of "$3" >"$place/cell.new" ||
		fail "CELL=$3${odd:+: $odd is not supported}: expected MAP/nKEYS/update|churn|fresh/tTHREADS, as the gates name it"
	map=$(sed -n 's/^maps = //p' "$place/cell.new")
	;;
*) : >"$place/cell.new"; map=${3%%/*} ;;
esac
printf '%s=%q\n' good "$good" bad "$bad" cell "$3" judge "$judge" map "$map" cc "$cc" >"$place/plan.new"
if cmp -s "$place/plan.new" "$place/plan" && [ -f "$place/judged" ]; then
	echo "resuming: $(wc -l <"$place/judged") commits are judged" >&2
else
	rm -rf "${place:?}"/{judged,looks,exact}
	: >"$place/judged"
fi
mv "$place/plan.new" "$place/plan" && mv "$place/cell.new" "$place/cell.conf"
git worktree remove --force "$tree" 2>/dev/null
rm -rf "$tree"
git worktree prune
tick # objects may be from a run that was just killed
git worktree add -q --force --detach "$tree" "$good" 2>"$place/checkout.log" ||
	fail "no worktree in $place: $(explain_git "$(cat "$place/checkout.log")")"
trap 'git worktree remove --force "$tree" 2>/dev/null' EXIT
trap 'exit 75' INT TERM HUP
echo "cell $3, judge $judge, $(git rev-list --count "$good..$bad") commits" >&2

build_commit "$good" || { machine_failed; fail "GOOD=$1 does not build with $cc ($place/build.log)"; }
case $judge in
exact)
	rm -rf "$place/exact" && mkdir -p "$place/exact"
	"$place/out/readmostly" plan --json "$place/cell.conf" >"$place/exact/plan.json" &&
		"$python" -m report.exact requests "$place/exact" || exit 2
	run_requests "$place/exact/base"
	;;
time) rm -rf "$place/good" && cp -r "$place/out" "$place/good" || fail "$place/good cannot be written" ;;
esac
# The judge must distinguish GOOD from BAD; otherwise its result would be random.
judge_commit "$bad"
case $? in
1) ;;
0) fail "BAD=$2 is judged good: there is nothing to find in $3" ;;
125) fail "BAD=$2 is judged neither good nor bad" ;;
*) exit 2 ;;
esac
[ "$judge" = exact ] || judge_commit "$good" || fail "GOOD=$1 compared with itself is not judged good"

git -C "$tree" bisect start "$bad" "$good" >/dev/null || exit 2
git -C "$tree" bisect run "$home/runner/regress_bisect.sh" --step "$home" >"$place/bisect.log"
status=$?
found=$(sed -n 's/^\([0-9a-f]\{40\}\) is the first bad commit.*/\1/p' "$place/bisect.log")
if [ -n "$found" ]; then
	echo "first bad commit: $found $(git log -1 --format=%s "$found")"
	[ "$judge" != exact ] || echo "why: make regress-exact BASE=$found~1 HEAD=$found MAPS=$map"
	[ "$judge" != time ] || echo "why: git checkout $found && make regress BASE=$found~1 MAPS=$map"
	exit 0
fi
if grep -q "only 'skip'ped commits left" "$place/bisect.log"; then
	echo "undecided: one of these commits, which were skipped or follow a skipped one:"
	grep -E '^[0-9a-f]{40}$' "$place/bisect.log"
	exit 3
fi
tail -n 3 "$place/bisect.log" >&2
fail "git bisect ended with status $status ($place/bisect.log); run the same command to continue"
