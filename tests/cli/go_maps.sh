#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests maps in Go together with maps in C: `list`, campaigns, and builds without Go.
# tests/report/test_go_maps.py tests the program itself.
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
go_rows=$(awk -F '\t' '!/^#/ && $10 == "go"' impls/go/maps.tsv | wc -l)

# The program may lack maps that `list` names.
refused() # WORDS: expected error of each command
{
	for command in check explore "dev dump" "dev replay tests/fixtures/traces/good.trace --map"; do
		name=${command%% tests/*}
		"$readmostly" $command go_map_mutex >"$dir/output" 2>&1
		check "$name rejects the missing map with status 2" \
			[ "$? $(cat "$dir/output")" = "2 readmostly $name: go_map_mutex $1" ]
	done
}

# A build without Go.
make -s BUILD="$build" OUT="$dir/none" HIDE='go go-classic' programs >"$dir/output" 2>&1
"$dir/none/readmostly" dev list >"$dir/list"
lacks='not built: needs go (packages: golang-go; make deps)'
check "without Go each map is listed as not built, with the next step" \
	[ "$(grep -c "^go_[a-z0-9_]* *$lacks" "$dir/list")" = "$go_rows" ]
check "without the classic Go its maps are listed as not built" \
	grep -q '^go_classic_null *not built: needs go-classic (packages: golang-go; make deps)' "$dir/list"
check "a GO that is not a compiler is rejected" eval \
	'! make -s GO=/nowhere/go help >"$dir/output" 2>&1 && contains "$dir/output" "GO=/nowhere/go: expected the path of a Go compiler"'

# The variable GO selects another Go than the installed one. The results must be the same.
go=$(impls/go/find_go.sh newest)
if [ -z "$go" ]; then
	check "list names the missing maps" \
		sh -c "'$readmostly' dev list | grep -q 'go_sync_map *$lacks'"
	refused "is $lacks"
	skip "a campaign of Go's maps" "no Go 1.19 or newer"
	done_testing
	exit
fi

"$readmostly" dev list >"$dir/list"
check "list prints the language of Go's maps" contains "$dir/list" "language   go"
check "list prints the version of Go" contains "$dir/list" "source     go ${go#* }: "
"$readmostly" dev list --ids >"$dir/ids"
check "--ids lists only maps in C and C++" sh -c "! grep -q ^go_ '$dir/ids'"
refused 'is a map in go: its program runs only trials'

"$readmostly" run "$dir/go.conf" --needs >"$dir/needs"
check "a workload of all maps includes no Go map" eval \
	'contains "$dir/needs" plain/gomap_rw && ! contains "$dir/needs" plain/go_ >"$dir/output"'
"$readmostly" plan --json "$dir/go.conf" --maps "go_map_rw gomap_rw" >"$dir/plan"
check "--maps adds named maps" contains "$dir/plan" go_map_rw

"$readmostly" run "$dir/go.conf" --maps "$go_maps gomap_rw" -o "$dir/campaign" \
	--counters none >"$dir/output" 2>&1
check "a campaign of Go and C maps succeeds" [ $? = 0 ]
journal=$dir/campaign/trials.jsonl
check "each map, shape and kind of write has a trial" [ "$(grep -c '/throughput"' "$journal")" = 16 ]
check "each map, shape and kind of write has a verification" \
	[ "$(grep -c '/verify".*"status":"ok"' "$journal")" = 16 ]
check "no answer was wrong" sh -c "! grep -q '\"status\":\"failed\"' '$journal'"
check "trials of Go maps ran in Go" [ "$(grep -c '"go":"go1\.' "$journal")" = 24 ]
check "trials of Go maps have the hash of their program" \
	[ "$(grep '"go":"go1\.' "$journal" | grep -o '"binary_sha256":"[0-9a-f]*"' | sort -u | wc -l)" = 1 ]
check "the campaign is valid" "$readmostly" dev validate "$dir/campaign"
check "campaign.json names the program of each map" \
	[ "$(grep -c '"program": "readmostly-go"' "$dir/campaign/campaign.json")" -ge 4 ]

# Maps that another compiler compiles have their own ids.
"$readmostly" plan "$dir/go.conf" --maps go_other_null >"$dir/output" 2>&1
check "without GO these ids are rejected, with the next step" \
	contains "$dir/output" '"go_other_null" without make GO=/path/to/go'
make -s GO="${go% *}" BUILD="$build" OUT="$dir/other" NEEDED=plain/go_other_sync_map programs >"$dir/output" 2>&1
other=$dir/other/maps/plain/go_other_sync_map
check "GO adds a compiler" contains "$other.json" "\"program\":\"readmostly-go-other\""
check "the version of the compiler is a separate field" \
	contains "$other.json" "\"language_version\":\"${go#* }\""
"$readmostly" plan --requests "$dir/go.conf" --maps "go_sync_map" --set threads=1 | grep -m 1 throughput >"$dir/request"
check "a request for another compiler's map is rejected" eval \
	'! "$other" trial <"$dir/request" >"$dir/output" 2>&1 && contains "$dir/output" "map go_sync_map belongs to another program"'
sed 's/"go_sync_map"/"go_other_sync_map"/' "$dir/request" | "$other" trial >"$dir/output" 2>&1
check "a request for its own map runs" contains "$dir/output" "\"go\":\"go${go#* }\""
if classic=$(.ci/tool go-classic); then
	tests/tools/programs.sh "$build" plain/go_classic_sync_map
	sed 's/"go_sync_map"/"go_classic_sync_map"/' "$dir/request" | "$build/maps/plain/go_classic_sync_map" trial >"$dir/output"
	check "the classic Go compiles the classic program" contains "$dir/output" "\"go\":\"go${classic#* }\""
	"$readmostly" run "$dir/go.conf" --maps "go_sync_map go_classic_sync_map" --set shape=u64x8 -o "$dir/both" \
		--counters none >"$dir/output" 2>&1
	check "a campaign of both records the version of each map" eval \
		'contains "$dir/both/campaign.json" "\"${go#* }\"" && contains "$dir/both/campaign.json" "\"${classic#* }\""'
	check "the maps of both compilers are verified" \
		[ "$(grep -c '/verify".*"status":"ok"' "$dir/both/trials.jsonl")" = 4 ]
else
	check "without another Go the error for classic ids names the alternative" sh -c \
		"'$readmostly' dev list | grep -q 'go_classic_sync_map *not built: .*go_sync_map has the classic map\|make deps'"
fi

"$readmostly" plan --json "$dir/go.conf" --maps "go_map_rw gomap_rw" --set "goroutines=wired free" >"$dir/plan" 2>&1
check "goroutines are a factor of Go maps" contains "$dir/plan" goroutines-wired
check "maps in C have no factor goroutines" sh -c "! grep 'gomap_rw.*goroutines' '$dir/plan'"

"$readmostly" run "$dir/go.conf" --maps "$go_maps go_null gomap_rw" -o "$dir/open" --counters none \
	--set measure=latency --set loop=paced --set rate=5k/s --set warm-up=10ms --set window=120ms \
	--set shape=u64x8 --set write-kind=update >"$dir/output" 2>&1
check "an open loop of Go and C maps succeeds" [ $? = 0 ]
check "each map has latencies" \
	[ "$(grep -c '/latency".*"status":"ok".*"latency":\[{' "$dir/open/trials.jsonl")" = 5 ]
check "the campaign with the open loop is valid" "$readmostly" dev validate "$dir/open"
"$readmostly" plan --json "$dir/go.conf" --maps "$go_maps" --set loop=alternate --set writes=50% >"$dir/plan" 2>&1
check "a loop that Go's program lacks is skipped in the plan, with a list of the available loops" \
	contains "$dir/plan" "of the loop mix, fill, random-fill, grow and latency of the loop paced is measured"

"$readmostly" run "$dir/go.conf" --maps go_null --set shape=u64x24 \
	-o "$dir/wide" --counters none >"$dir/output" 2>&1
check "a shape missing in Go's maps is skipped with the reason" \
	contains "$dir/wide/trials.jsonl" "shape u64x24 is not offered by this map"
"$readmostly" run "$dir/go.conf" --maps go_map_rw --set memory=interleave \
	-o "$dir/memory" --counters none >"$dir/output" 2>&1
check "a memory policy that Go's maps lack is skipped with the reason" \
	contains "$dir/memory/trials.jsonl" "maps in go have their own allocator"

# Symbolic links are broken in this copy.
mkdir "$dir/alone" && cp -rP "$readmostly" "$build/maps" "$dir/alone/"
"$dir/alone/readmostly" run "$dir/go.conf" --maps go_map_rw -o "$dir/alone/campaign" \
	--counters none >"$dir/output" 2>&1
check "a missing program is reported before the campaign" eval \
	'[ ! -e "$dir/alone/campaign" ] && contains "$dir/output" "go_map_rw is not built: run"'
done_testing
