#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# last_commits.sh [N] - the last N (30) commits that touch impls/ or
# runner/driver.h, merges aside, each against its parent, by the exact gate:
# what nobody planted. One line a commit, to be read by hand. What was judged is
# kept in build/last-commits/: the same call goes on. MINUTES: begins no further
# commit after these. Status: 0 all are judged; 75 some are left; 2 usage.
export LC_ALL=C
[ -f runner/regress_exact.sh ] || { echo "last_commits: expected to be started in the folder of Readmostly" >&2; exit 2; }
number=${1:-30} place=build/last-commits end=$((SECONDS + ${MINUTES:-1000000} * 60))
case $number in *[!0-9]* | 0*) echo "last_commits: expected a number of commits, not $number" >&2; exit 2 ;; esac
mkdir -p "$place" || exit 2

# row COMMIT: what the gate said of it.
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
	printf '%s\t%s\t%s\t%s\t%s\n' "${1:0:12}" "$(cat "$at.status")" "$reds" "$cells" \
		"$(git log -1 --format=%s "$1")"
}

left=0
printf 'commit\tstatus\tred\tcells\tsubject\n'
for commit in $(git log --no-merges --format=%H -n "$number" -- impls runner/driver.h); do
	if [ ! -s "$place/$commit.status" ]; then
		[ $SECONDS -lt $end ] || { left=$((left + 1)); continue; }
		runner/regress_exact.sh "$commit~1" "$commit" --json "$place/$commit.json" \
			>"$place/$commit.txt" 2>&1
		echo $? >"$place/$commit.new" && mv "$place/$commit.new" "$place/$commit.status"
	fi
	row "$commit"
done
[ $left = 0 ] || { echo "last_commits: $left are left: the same call goes on" >&2; exit 75; }
