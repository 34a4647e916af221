#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sim_speed.sh OURS PROTOTYPE [ROUNDS] - simulated accesses per second of CPU
# time: the prototype's maps on its own run time and on ours, turn by turn.
# Medians and their ratio; a table, not a test.
ours=$1 prototype=$2 rounds=${3:-9}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

median() { sort -n "$1" | sed -n "$(((rounds + 1) / 2))p"; }

printf '%-8s %5s %10s | %9s %9s %6s   [10^6 accesses/s of CPU time]\n' \
	map cores keys prototype ours ratio
while read -r kind name cores keys ops; do
	: >"$work/old"
	: >"$work/new"
	for _ in $(seq "$rounds"); do
		"$prototype" map k="$kind" c="$cores" n="$keys" o="$ops" |
			sed -n 's/.* \([0-9.]*\)M acc\/s.*/\1/p' >>"$work/old"
		"$ours" "$kind" "$cores" "$keys" "$ops" >>"$work/new" || exit 1
	done
	old=$(median "$work/old")
	new=$(median "$work/new")
	echo "$name $cores $keys $old $new" | awk '{ printf \
		"%-8s %5d %10d | %9.1f %9.1f %6.2f\n", $1, $2, $3, $4, $5, $5 / $4 }'
	echo "$cores $keys $old $new" >>"$work/all"
done <<-CELLS
	0 plain 1 1000 600000
	2 rwmutex 1 1000 400000
	3 shard 1 1000 400000
	4 snapshot 1 1000 400000
	0 plain 64 1000 8000
	2 rwmutex 64 1000 8000
	3 shard 64 1000 8000
	4 snapshot 64 1000 8000
	0 plain 1 1000000 200000
	4 snapshot 1 1000000 200000
	0 plain 64 1000000 4000
	4 snapshot 64 1000000 4000
CELLS
awk '{ key = $1 " cores, " $2 " keys"; sum[key] += log($4 / $3); n[key]++ }
	END { for (key in sum) printf "geometric mean at %s: %.2f\n", key,
	exp(sum[key] / n[key]) }' "$work/all" | sort
