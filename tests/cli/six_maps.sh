#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Six maps pass all checks, 500 schedules each, the golden counts of the simulated machine, and the
# check of dispatch. Not marked as a long test, although it takes over 10 s, because no faster test
# checks real maps in these ways.
. tests/tools/tap.sh
needs check/gomap_rw check/syncmap check/shard_rw_32 check/ck_ht check/urcu_lfht check/null_map
needs explore/gomap_rw explore/syncmap explore/shard_rw_32 explore/ck_ht explore/urcu_lfht explore/null_map
needs sim/gomap_rw sim/syncmap sim/shard_rw_32 sim/null_map
maps='gomap_rw syncmap shard_rw_32 ck_ht urcu_lfht null_map'
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
# In this folder, `all` selects only these six maps.
(cd "$build" && cp -p --parents -t "$dir" readmostly maps/names.tsv maps/check/*.so \
	$(for id in $maps; do ls maps/plain/$id{,.json} maps/check/$id maps/explore/$id maps/explore/$id.no; done 2>/dev/null))
passes() { # WORDS COMMAND...
	local words=$1
	shift
	"$@" >"$out" 2>&1 && grep -qE "$words" "$out" && ! grep -q '^FAIL' "$out" || { sed 's/^/# /' "$out"; return 1; }
}
check 'check all: all checks of all shapes pass' passes '^check: [0-9]{3} ok, 0 failed' \
	"$dir/readmostly" check all --quiet --ops 2000
check 'explore all: no schedule fails' passes '^ok   syncmap: 500 schedules' "$dir/readmostly" explore all --schedules 500
check 'an unsupported map is skipped with the reason' contains "$out" 'skip ck_ht: calls ck_epoch_init'
check 'explore with weak memory finds nothing' passes '^ok   gomap_rw: 300 schedules under c11' \
	"$dir/readmostly" explore all --memory c11 --schedules 300
python=$(report/find_python.sh)
check 'the counts of the simulated machine equal the golden ones' passes '^ok [0-9]* - gomap_rw on 64 cores' \
	"$python" tests/tools/sim_golden.py "$build" --maps null_map,gomap_rw,syncmap,shard_rw_32
# shellcheck disable=SC2046,SC2086
check 'measured loops have no dispatch' passes '^ok' env PKG_CONFIG_PATH="$(.ci/pc gcc g++)" \
	tests/tools/check_dispatch.py --build "$build" $(for id in $maps; do ls impls/*/$id.c; done | sed "s|\(.*\)\.c|$build/\1.o|")
done_testing
