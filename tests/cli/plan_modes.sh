#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The plan of each mode of `make bench` prints the time budget. A run of mode smoke takes about the
# planned time.
# slow: builds the maps of all modes.
. tests/tools/tap.sh
needs readmostly-history
bin=$build/readmostly dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
out=$dir/out
for mode in '--mode smoke' '--mode quick' '--set articles' '--set peers' '--mode standard' '--mode full'; do
	check "the programs of $mode are built" \
		tests/tools/programs.sh "$build" $("$bin" run $mode --needs)
	check "$mode is planned" eval '"$bin" plan $mode >"$out"'
	check "$mode names its budget" contains "$out" "of a budget of"
done

HWLOC_SYNTHETIC="core:2 pu:1" "$bin" plan --json --mode smoke >"$dir/smoke.json"
costs() { # compares recorded times of trials with this plan; sets $out
	"$(report/find_python.sh)" tests/tools/trial_costs.py \
		tests/fixtures/trial-costs.tsv "$dir/smoke.json" >"$out"
}
printf '%s\n' 'writes = 3%' 'keys = 1Ki' 'threads = 1' 'maps = gomap_rw' 'window = 10ms' 'blocks = 3' >"$dir/tiny.conf"
check "all maps are built" tests/tools/programs.sh "$build" \
	$(awk -F '\t' '$3 ~ /^built/ { print "plain/" $1 }' "$build/maps/names.tsv")
check "all maps are planned" eval '"$bin" plan --set maps=all "$dir/tiny.conf" >"$out"'
check "no map is missing" [ "$(grep -c 'not built' "$out")" = 0 ]
"$bin" plan --cells --set maps=all "$dir/tiny.conf" >"$out"
sed -n 's,^ *tiny/\([^/]*\)/.*,\1,p' "$out" | grep -vx gomap_rw | sort -u >"$dir/all"
"$bin" plan --cells --set maps='~gomap_rw' "$dir/tiny.conf" >"$out"
sed -n 's,^ *tiny/\([^/]*\)/.*,\1,p' "$out" | sort -u >"$dir/but"
check "a list of removals selects all other maps" \
	test -s "$dir/all" -a "$(cmp -s "$dir/all" "$dir/but"; echo $?)" = 0
name="smoke takes its planned time, within 15 %"
if costs && busy=$(grep -o 'recorded at.*' "$out"); then
	skip "$name" "$busy"
else
	check "$name" costs
fi

done_testing
