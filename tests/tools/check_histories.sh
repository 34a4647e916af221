#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check_histories.sh READMOSTLY - at least 10,000 short histories of each map,
# over its shapes; writes the first half of docs/tally/histories.md. Fails
# when a map is accused, a check does not come to its end, or more than 0.1 % stay
# undecided. HISTORIES=N for fewer; LOAD says what else ran.
program=$1
each=${HISTORIES:-10000}
page=docs/tally/histories.md
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
start=$(date +%s)

# In batches of 64, so a little more than asked for; at most four shapes.
for id in $("$program" list --json | python3 -c 'import json, sys
for row in json.load(sys.stdin)["maps"]:
    if row["shapes"] and not row["misuse"] and not row["program"]:
        print(row["id"], len(row["shapes"]))' | tr ' ' :); do
	shapes=${id#*:} id=${id%:*}
	"$program" check "$id" --only histories --deadline 3600 \
		--ops $(((each / shapes + 1) * 1000)) --seed "${SEED:-1}" \
		>"$dir/out"
	ended=$?
	grep '^FAIL\|^ok\|^skip' "$dir/out" | grep ' histories' |
		tee -a "$dir/all"
	grep -v '^FAIL\|^ok\|^skip\|^check' "$dir/out" # time lines
	# 3: of a map that is not judged, whose line says why
	[ $ended -le 1 ] || [ $ended = 3 ] && grep -q '^[Fos].* histories' "$dir/out" ||
		echo "died $id $ended" | tee -a "$dir/all"
done

awk -v each="$each" -v seconds=$(($(date +%s) - start)) -v date="$(date -u +%F)" \
	-v commit="$(git rev-parse --short HEAD)" -v cpus="$(nproc) CPUs${LOAD:+, $LOAD}" '
	$1 == "ok" { n[$2] += $5; met[$2] += $7; open[$2] += $10
		for (i = 1; i <= NF; i++) if ($i == "stamps:") stamps[$(i + 1)] = 1 }
	$1 == "FAIL" { accused[$2]++; n[$2] += 0; bad = 1 }
	$1 == "died" { died[$2] = $3; lost = 1 }
	$1 == "skip" { why = $0; sub(/^[^:]*: /, "", why); left[$2] = why }
	END {
	print "# Histories of all maps\n"
	print "Made by `make check-histories`: short recorded histories, each"
	print "judged for linearizability and for the guarantees of its map.\n"
	printf "%s, commit %s, %s, %d s, at least %d of each map; stamps:",
		date, commit, cpus, seconds, each
	for (s in stamps) printf " %s", s
	print ".\n"
	print "| map | histories | with overlaps | undecided | shapes accused |"
	print "|---|---|---|---|---|"
	sort = "sort"
	for (id in n) {
		printf "| `%s` | %d | %d | %d | %d |\n", id, n[id], met[id], open[id], accused[id] | sort
		all += n[id]; undecided += open[id]
	}
	close(sort)
	printf "\n%d histories, %d undecided (at most 0.1 %%), ", all, undecided
	print bad ? "some maps ACCUSED." : "no map accused."
	for (id in left) if (!(id in n)) printf "Not checked: `%s`: %s.\n", id, left[id] | sort
	close(sort)
	for (id in died) printf "Not judged: `%s`, whose check ended with status %d.\n", id, died[id] | sort
	close(sort)
	exit bad || lost || undecided * 1000 > all || !all }' "$dir/all" >"$dir/page"
status=$?
# what `make history-bench` wrote stays
[ ! -f $page ] || sed -n '/^## What judging costs/,$p' $page >"$dir/cost"
[ ! -s "$dir/cost" ] || { echo; cat "$dir/cost"; } >>"$dir/page"
mkdir -p docs/tally && cp "$dir/page" $page
grep 'histories, ' $page
exit $status
