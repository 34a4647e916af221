#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# planted_tally.sh - each planted bug with 20 seeds, by the tool named for it;
# each twin with the same. Prints a table, writes docs/tally/planted.md, and
# fails below 238 of 240, below 19 for any bug, or when a twin is accused.
# SEEDS=N and TWIN_SEEDS=N for fewer; a twin takes longer, it has no early end.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/planted.sh
seeds=${SEEDS:-20} twin_seeds=${TWIN_SEEDS:-${SEEDS:-20}}
page=docs/tally/planted.md
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
planted_build "$dir" >"$dir/log" 2>&1 || { tail "$dir/log"; exit 1; }
start=$(date +%s)

count() { # SEEDS RESULT ID TOOL CHECK SHAPE OPERATIONS: seeds with that result
	last=$1 wanted=$2 found=0
	shift 2
	for seed in $(seq "$last"); do
		planted_run "$dir" "$@" "$seed"
		[ $? = "$wanted" ] && found=$((found + 1))
	done
	echo $found
}

# Rows "bug tool check shape operations caught right"; progress has no place
# among the twelve.
planted_list | grep -v '	progress	' >"$dir/list"
while IFS='	' read -r id tool test shape operations; do
	n=$(count "$seeds" 1 "$id" "$tool" "$test" "$shape" "$operations" </dev/null)
	fine=$(count "$twin_seeds" 0 "${id}_twin" "$tool" "$test" \
		"$shape" "$operations" </dev/null)
	echo "$id $tool $test $shape $operations $n $fine"
	printf '%-18s %-12s caught %s of %s, twin right %s of %s\n' \
		"$id" "$tool" "$n" "$seeds" "$fine" "$twin_seeds" >&2
done <"$dir/list" >"$dir/rows"

awk -v seeds="$seeds" -v twins="$twin_seeds" -v seconds=$(($(date +%s) - start)) \
	-v date="$(date -u +%F)" -v commit="$(git rev-parse --short HEAD)" \
	-v cpus="$(nproc)" '
	{ rows = rows sprintf("| `%s` | %s | `%s` %s | %d | %d of %d | %d of %d |\n",
		$1, $2, $3, $4, $5, $6, seeds, twins - $7, twins)
	  caught += $6; accused += twins - $7; runs += seeds; right += twins
	  if ($6 * 20 < seeds * 19) weak = weak " " $1 }
	END {
	good = caught * 240 >= runs * 238 && !accused && weak == ""
	print "# Planted bugs: who is caught\n"
	print "Made by `make planted-tally`; the bugs are described in"
	print "`tests/fixtures/README.md`. One run is one seed; within its"
	print "operations a bug may be caught at any round.\n"
	printf "%s, commit %s, %d CPUs, %d s.\n\n", date, commit, cpus, seconds
	print "| bug | tool | check | operations at most | caught | twin accused |"
	print "|---|---|---|---|---|---|"
	print rows
	printf "Caught: %d of %d (at least 238 of 240, none below 19 of 20).", caught, runs
	printf " Twins accused: %d of %d (none).", accused, right
	print weak == "" ? "" : " Too weak:" weak "."
	exit !good }' "$dir/rows" >"$dir/page"
status=$?
mkdir -p docs/tally && cp "$dir/page" $page
tail -n 1 $page
exit $status
