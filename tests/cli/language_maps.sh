#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests maps in Java and Rust together with maps in C: `list`, campaigns, and builds without a
# language or a library. tests/report/test_language_maps.py tests the programs themselves.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
# shellcheck disable=SC2046
needs plain/gomap_rw $(awk -F '\t' '!/^#/ { print "plain/" $1 }' impls/java/maps.tsv impls/rust/maps.tsv)
build=${BUILD:-build/gcc}
readmostly=$build/readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL

cat >"$dir/mix.conf" <<CONF
writes = 10%
keys = 100
shape = u64x8 str16x8
write-kind = update fresh
threads = 1
warm-up = 0s
window = 20kops
deadline = 60s
verify = 1kops
blocks = 1
repeat-most = 0
measure = throughput
CONF
rows() { # LANGUAGE COLUMN
	awk -F '\t' -v n="$2" '!/^#/ { print $n }' "impls/$1/maps.tsv"
}

# A build with a missing dependency.
without() { # NAMES: hides these dependencies; writes the list
	make -s HIDE="$1" BUILD="$build" OUT="$dir/none" programs >"$dir/output" 2>&1 || sed 's/^/# /' "$dir/output"
	"$dir/none/readmostly" dev list >"$dir/list"
}
are_listed() { # LANGUAGE: true if all maps of the language are listed as not built, with packages
	for id in $(rows "$1" 1); do
		grep -qE "^$id +not built: needs [a-z -]+ \(packages: [a-z0-9 /-]+; make deps-peers\)" "$dir/list" ||
			{ echo "# $id"; return 1; }
	done
}
without "java rust rust-new"
check "without Java each of its maps is listed as not built, with packages" are_listed java
check "without Rust each of its maps is listed as not built, with packages" are_listed rust
without jctools
check "without a library its map is listed as not built" grep -q '^java_nbhm_long *not built: needs .*jctools' "$dir/list"

# campaign LANGUAGE: runs the built maps of the language, and one in C.
campaign() {
	language=$1
	maps=$(rows "$language" 1 | grep -vxF "$("$readmostly" dev list |
		sed -n 's/^\([a-z_]*\)  *not built.*/\1/p')" | xargs)
	if ! [ -x "$build/readmostly-$language" ]; then
		skip "a campaign of maps in $language" \
			"$("$readmostly" dev list | grep "^${language}_null " | tr -s ' ')"
		return
	fi
	"$readmostly" dev list >"$dir/list"
	check "list prints the language of its maps: $language" contains "$dir/list" "language   $language"
	for id in $maps; do
		case $id in *_null) continue ;; esac
		check "list --facts prints the version of the library of $id" sh -c \
			"'$readmostly' dev list --facts $id | sed -n 1p | grep -qE '^version: [a-z-]+ [0-9]'"
	done
	folder=$dir/$language
	"$readmostly" run "$dir/mix.conf" --maps "$maps gomap_rw" -o "$folder" \
		--counters none >"$dir/output" 2>&1
	check "a campaign of maps in $language and C succeeds" [ $? = 0 ]
	journal=$folder/trials.jsonl
	check "each trial has the time that its threads waited for a CPU" sh -c \
		"grep '\"elapsed_ns\"' '$journal' | grep -qE '/(java|rust)_' && ! grep -q '\"runqueue_wait_ns\":null' '$journal'"
	check "no answer was wrong" sh -c "! grep -q '\"status\":\"failed\"' '$journal'"
	for id in $maps; do
		case $id in *_null) continue ;; esac
		check "$id was verified" grep -q "/$id/.*/verify\".*\"status\":\"ok\"" "$journal"
	done
	[ $language = rust ] || check "a missing shape is skipped with the reason" \
		grep -q 'str16x8 is not offered by this map' "$journal"
	check "the campaign is valid" "$readmostly" dev validate "$folder"
	check "campaign.json names the program of each map" \
		[ "$(grep -cE "\"program\": \"readmostly-$language(-new)?\"" "$folder/campaign.json")" = \
		"$(echo "$maps" | wc -w)" ]
	"$readmostly" plan --json "$dir/mix.conf" --maps "$maps" \
		--set "goroutines=wired free" >"$dir/plan" 2>&1
	check "maps in Java and Rust have no goroutines" \
		sh -c "! grep -q goroutines-wired '$dir/plan'"
}
campaign java
campaign rust

# The plan skips cells that a map does not support. None of their trials starts.
if ! "$readmostly" dev list | grep -q '^java_nbhm_long  *not built'; then
	"$readmostly" run "$dir/mix.conf" --maps java_nbhm_long -o "$dir/churn" --counters none \
		--set write-kind="churn fresh" --set shape=u64x8 --set threads="1 2" >"$dir/output" 2>&1
	check "a campaign with removals by two threads, which the map does not support, succeeds" \
		[ $? = 0 ]
	journal=$dir/churn/trials.jsonl
	for kind in churn fresh; do
		check "two threads are skipped, with the reason: $kind" sh -c \
			"grep '/t2/' '$journal' | grep -q '\"status\":\"skipped\".*$kind needs one thread, not 2'"
	done
	check "one thread is measured and verified, for each kind" \
		[ "$(grep '/t1/' "$journal" | grep -c '"status":"ok"')" = 4 ]
	check "no trial failed" sh -c "! grep -q '\"status\":\"failed\"' '$journal'"
else
	skip "removals on several threads of java_nbhm_long" "it is not built"
fi
done_testing
