#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# last_commits.sh [N] - the last N (30) commits that touch impls/ or
# runner/driver.h, merges aside, each against its parent, by the exact gate:
# what nobody planted. One line a commit, to be read by hand. TIME=1: by the time
# gate, too, three cells of 60 blocks, with the exact gate's own programs; nothing
# else may run then. What was judged is kept in build/last-commits/: the same call
# goes on. MINUTES: begins no further commit after these. Status: 0 all are
# judged; 75 some are left; 2 usage. docs/tally/last-commits.md has what came out.
export LC_ALL=C
[ -f runner/regress_exact.sh ] || { echo "last_commits: expected to be started in the folder of Readmostly" >&2; exit 2; }
number=${1:-30} place=build/last-commits end=$((SECONDS + ${MINUTES:-1000000} * 60))
case $number in *[!0-9]* | 0*) echo "last_commits: expected a number of commits, not $number" >&2; exit 2 ;; esac
mkdir -p "$place" || exit 2

# program COMMIT [KEY]: what the exact gate built of it, the newest; KEY: of one
# compiler, flags and maps.
program() {
	local -a all
	mapfile -t all < <(ls -t build/regress-exact/"$(git rev-parse --short=12 "$1")"-${2:-*}.native 2>/dev/null)
	echo "${all[0]}"
}
# timed COMMIT: its verdict by time, and the ratio that is farthest from 1, into
# $place/COMMIT.time; not 0 where there is no verdict
timed() {
	local at=$place/$1 base head key
	head=$(program "$1") key=${head##*-}
	base=$(program "$1~1" "${key%.native}")
	if [ ! -x "$base" ] || [ ! -x "$head" ]; then
		echo "last_commits: ${1:0:12}: build/regress-exact/ has not both programs: remove $at.status, then the same call" >&2
		return 1
	fi
	rm -rf "$at.run" && cp "$base" "$place/copy" || exit 2
	BUSY=ok WHY=no REF=$1~1 COMMIT=$1~1 MAPS='gomap_rw syncmap shard_rw_32' CELLS='* 1Ki update*' \
		RUNNER=${BUILD:-build/gcc}/readmostly runner/regress.sh "$base" "$place/copy" "$head" \
		--set blocks=60 -o "$at.run/run" >"$at.timed" 2>&1
	if [ ! -f "$at.run/run/report/verdicts.json" ]; then
		echo "last_commits: ${1:0:12} has no verdict by time: $(tail -n 1 "$at.timed")" >&2
		return 1
	fi
	python3 - "$at.run/run/report/verdicts.json" >"$at.new" <<'END' && mv "$at.new" "$at.time" && rm -rf "$at.run"
import json, sys
of = json.load(open(sys.argv[1]))
far = max((c["slowdown_percent"] for c in of["cells"] if c["slowdown_percent"] is not None), key=abs)
print(f'{of["verdict"]} {far:+.2f} %')
END
}

# row COMMIT: what the gates said of it.
row() {
	local at=$place/$1 reds
	read -r reds cells < <(python3 - "$at.json" <<'END'
import json, sys
try:
    cells = json.load(open(sys.argv[1]))["cells"]
    print(sum(c["verdict"] == "red" for c in cells), len(cells))
except (OSError, ValueError):
    print("none none")
END
	)
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' "${1:0:12}" "$(cat "$at.status")" "$reds" "$cells" \
		"$(cat "$at.time" 2>/dev/null || echo -)" "$(git log -1 --format=%s "$1")"
}

left=0
printf 'commit\tstatus\tred\tcells\ttime, farthest\tsubject\n'
for commit in $(git log --no-merges --format=%H -n "$number" -- impls runner/driver.h); do
	if [ ! -s "$place/$commit.status" ]; then
		[ $SECONDS -lt $end ] || { left=$((left + 1)); continue; }
		runner/regress_exact.sh "$commit~1" "$commit" --json "$place/$commit.json" \
			>"$place/$commit.txt" 2>&1
		echo $? >"$place/$commit.new" && mv "$place/$commit.new" "$place/$commit.status"
	fi
	if [ "${TIME:-}" ] && [ ! -s "$place/$commit.time" ]; then
		[ $SECONDS -lt $end ] || { left=$((left + 1)); continue; }
		timed "$commit" || left=$((left + 1))
	fi
	row "$commit"
done
[ $left = 0 ] || { echo "last_commits: $left are left: the same call goes on" >&2; exit 75; }
