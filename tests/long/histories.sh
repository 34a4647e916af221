#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# histories.sh [N] - records at least N (10,000) short histories of each map, and checks whether
# each is linearizable. Prints a line for each map and shape. Status 1: a map fails, a check does
# not finish, or more than 0.1 % of histories are undecided. tests/long/history_cost.py measures the
# cost of long histories.
cd "$(dirname "$0")/../.." || exit 2
program=${BUILD:-build/gcc}/readmostly each=${1:-10000}
make -s -j"$(nproc)" BUILD="${BUILD:-build/gcc}" all check-programs || exit 2
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
"$program" dev list --json | python3 -c 'import json, sys
for row in json.load(sys.stdin)["maps"]:
    if row["shapes"] and not row["misuse"] and not row.get("program"):
        print(row["id"], len(row["shapes"]))' >"$dir/maps"
while read -r id shapes; do
	# 1000 operations give about one batch of 64 histories for a shape.
	"$program" check "$id" --only histories --deadline 3600 --seed "${SEED:-1}" \
		--ops $(((each / shapes + 1) * 1000)) >"$dir/out"
	ended=$?
	# Status 3: the map was not checked, and its line contains the reason.
	[ $ended -le 1 ] || [ $ended = 3 ] || echo "FAIL $id: status $ended"
	grep -E '^(FAIL|ok|skip).* histories' "$dir/out"
done <"$dir/maps" | tee "$dir/all"
awk '$1 == "ok" { n += $5; open += $10 } $1 == "FAIL" { bad = 1 }
	END { printf "%d histories, %d undecided, %s\n", n, open, bad ? "FAILED" : "no map accused"
	exit bad || !n || open * 1000 > n }' "$dir/all"
