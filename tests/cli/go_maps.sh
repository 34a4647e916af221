#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Maps in Go beside maps in C: named by `list`, run by a campaign, and named as
# not built where no Go is. What the program does is tests/report/test_go_maps.py's.
# slow: needs Go.
. tests/tools/tap.sh
needs plain/go_sync_map plain/go_map_rw plain/go_map_mutex plain/go_null plain/gomap_rw
build=${BUILD:-build/gcc}
readmostly=$build/readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

cat >"$dir/go.conf" <<CONF
writes = 10%
keys = 1000
shape = u64x8 str16x8
write-kind = update fresh
threads = 1
warm-up = 0s
window = 20kops
deadline = 60s
verify = 10kops
blocks = 1
repeat-most = 0
measure = throughput
CONF
go_maps="go_sync_map go_map_rw go_map_mutex"
go_rows=$(grep -vc "^#" impls/go/maps.tsv)

# That list names a map does not mean that this program can call it.
refused() # WORDS of each command
{
	for command in check explore "dev dump" "dev replay tests/fixtures/traces/good.trace --map"; do
		name=${command#dev }
		"$readmostly" $command go_map_mutex >"$dir/said" 2>&1
		check "${name%% *} says so, with status 2" \
			[ "$? $(cat "$dir/said")" = "2 readmostly ${name%% *}: go_map_mutex $1" ]
	done
}

# A build without Go.
make -s BUILD="$build" OUT="$dir/none" HIDE=go programs >"$dir/said" 2>&1
"$dir/none/readmostly" dev list >"$dir/list"
check "without Go each map is named as not built, with the package" \
	[ "$(grep -c '^go_[a-z0-9_]* *not built: needs go (packages: golang-go)' "$dir/list")" = "$go_rows" ]

if "$readmostly" dev list | grep -q '^go_null  *not built'; then
	check "list names them" sh -c "'$readmostly' dev list | grep -q 'go_sync_map *not built: needs go (packages: golang-go)'"
	refused 'is not built: needs go (packages: golang-go)'
	skip "a campaign of Go's maps" "no Go 1.19 or newer"
	done_testing
	exit
fi

"$readmostly" dev list >"$dir/list"
check "list names the language of Go's maps" says "$dir/list" "language   go"
check "and the version of Go" says "$dir/list" "source     go 1."
"$readmostly" dev list --ids >"$dir/ids"
check "ids to be checked are of maps in C and C++" sh -c "! grep -q ^go_ '$dir/ids'"
refused 'is a map in go: its program runs trials and no other command'

"$readmostly" plan --json "$dir/go.conf" >"$dir/plan"
check "a workload of all maps means none of them" sh -c "! grep -q '/go_map' '$dir/plan'"
"$readmostly" plan --json "$dir/go.conf" --maps "go_map_rw gomap_rw" >"$dir/plan"
check "--maps adds those that it names" says "$dir/plan" go_map_rw

"$readmostly" run "$dir/go.conf" --maps "$go_maps gomap_rw" -o "$dir/campaign" \
	--counters none >"$dir/said" 2>&1
check "a campaign of Go's and C's maps ends well" [ $? = 0 ]
journal=$dir/campaign/trials.jsonl
check "each map, shape and kind has a trial" [ "$(grep -c '/throughput"' "$journal")" = 16 ]
check "and one that verifies it" [ "$(grep -c '/verify".*"status":"ok"' "$journal")" = 16 ]
check "no answer was wrong" sh -c "! grep -q '\"status\":\"failed\"' '$journal'"
check "those of Go were made by Go" [ "$(grep -c '"go":"go1\.' "$journal")" = 24 ]
check "and have the hash of their program" \
	[ "$(grep '"go":"go1\.' "$journal" | grep -o '"binary_sha256":"[0-9a-f]*"' | sort -u | wc -l)" = 1 ]
check "the campaign is valid" "$readmostly" dev validate "$dir/campaign"
check "campaign.json says whose maps they are" \
	[ "$(grep -c '"program": "readmostly-go"' "$dir/campaign/campaign.json")" = "$go_rows" ]

"$readmostly" plan --json "$dir/go.conf" --maps "go_map_rw gomap_rw" --set "goroutines=wired free" >"$dir/plan" 2>&1
check "goroutines are a factor of Go's maps" says "$dir/plan" goroutines-wired
check "and of no other" sh -c "! grep 'gomap_rw.*goroutines' '$dir/plan'"

"$readmostly" run "$dir/go.conf" --maps "$go_maps go_null gomap_rw" -o "$dir/open" --counters none \
	--set measure=latency --set loop=paced --set rate=5k/s --set warm-up=10ms --set window=120ms \
	--set shape=u64x8 --set write-kind=update >"$dir/said" 2>&1
check "an open loop of Go's and C's maps ends well" [ $? = 0 ]
check "each has a trial with latencies" \
	[ "$(grep -c '/latency".*"status":"ok".*"latency":\[{' "$dir/open/trials.jsonl")" = 5 ]
check "that campaign is valid, too" "$readmostly" dev validate "$dir/open"
"$readmostly" plan --json "$dir/go.conf" --maps "$go_maps" --set loop=fill --set writes=100% >"$dir/plan" 2>&1
check "a loop that Go's program has not is a planned skip with what it has" \
	says "$dir/plan" "maps in go: only throughput of the loop mix and latency of the loop paced is measured"

"$readmostly" run "$dir/go.conf" --maps go_null --set shape=u64x24 \
	-o "$dir/wide" --counters none >"$dir/said" 2>&1
check "a shape that Go's maps have not is skipped with that reason" \
	says "$dir/wide/trials.jsonl" "shape u64x24 is not offered by this map"
"$readmostly" run "$dir/go.conf" --maps go_map_rw --set memory=interleave \
	-o "$dir/memory" --counters none >"$dir/said" 2>&1
check "so is what the program lacks" says "$dir/memory/trials.jsonl" "memory first-touch"

mkdir "$dir/alone" && cp -rP "$readmostly" "$build/maps" "$dir/alone/" # links lead nowhere there
"$dir/alone/readmostly" run "$dir/go.conf" --maps go_map_rw -o "$dir/alone/campaign" \
	--counters none >"$dir/said" 2>&1
check "a program that is not beside this one is the reason" \
	says "$dir/alone/campaign/trials.jsonl" "No such file"
done_testing
