#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Maps in Java and Rust beside maps in C: named by `list`, run by a campaign, and
# named as not built where a language or a library is missing. What the programs
# do is tests/report/test_language_maps.py's.
# slow: over five seconds of CPU time; not part of `make check`.
. tests/tools/tap.sh
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

# Tables of maps as they are made where something is missing.
table() { # NAMES: hidden
	make -s HIDE="$1" BUILD="$build" OUT="$dir/none" MAPS_BUILT= \
		"$dir/none/impl_table.c" >"$dir/said" 2>&1 || sed 's/^/# /' "$dir/said"
	table=$dir/none/impl_table.c
}
named() { # LANGUAGE: all its maps as skipped, each with its packages
	for id in $(rows "$1" 1); do
		grep -qE "\{ \"$id\", \"[a-z -]+\", \"[a-z0-9 -]+\" \}" "$table" ||
			{ echo "# $id"; return 1; }
	done
}
table "java rust"
check "without Java each of its maps is named, with the packages" named java
check "without Rust, too" named rust
check "and none is in the table" sh -c "! grep -qE 'rm_impl_(java|rust)_' '$table'"
table jctools
check "without a library its map is named" says "$table" '{ "java_nbhm_long", "jctools'

# campaign LANGUAGE: of its maps that this build has, beside one in C.
campaign() {
	language=$1
	maps=$(rows "$language" 1 | grep -vxF "$("$readmostly" list |
		sed -n 's/^\([a-z_]*\)  *not built.*/\1/p')" | xargs)
	if ! [ -x "$build/readmostly-$language" ]; then
		skip "a campaign of maps in $language" \
			"$("$readmostly" list | grep "^${language}_null " | tr -s ' ')"
		return
	fi
	"$readmostly" list >"$dir/list"
	check "list names the program of $language" says "$dir/list" "program    readmostly-$language"
	for id in $maps; do
		case $id in *_null) continue ;; esac
		check "list --facts tells the version of what $id is made of" sh -c \
			"'$readmostly' list --facts $id | sed -n 1p | grep -qE '^version: [a-z-]+ [0-9]'"
	done
	folder=$dir/$language
	"$readmostly" run "$dir/mix.conf" --maps "$maps gomap_rw" -o "$folder" \
		--counters none >"$dir/said" 2>&1
	check "a campaign of maps in $language and C ends well" [ $? = 0 ]
	journal=$folder/trials.jsonl
	check "each says how long its threads waited for a CPU" sh -c \
		"grep '\"elapsed_ns\"' '$journal' | grep -qE '/(java|rust)_' && ! grep -q '\"runqueue_wait_ns\":null' '$journal'"
	check "no answer was wrong" sh -c "! grep -q '\"status\":\"failed\"' '$journal'"
	for id in $maps; do
		case $id in *_null) continue ;; esac
		check "$id was verified" grep -q "/$id/.*/verify\".*\"status\":\"ok\"" "$journal"
	done
	[ $language = rust ] || check "what a map does not offer is skipped with that reason" \
		grep -q 'str16x8 is not offered by this map' "$journal"
	check "the campaign is valid" "$readmostly" validate "$folder"
	check "campaign.json says whose maps they are" \
		[ "$(grep -c "\"program\": \"readmostly-$language\"" "$folder/campaign.json")" = \
		"$(echo "$maps" | wc -w)" ]
	"$readmostly" plan --json "$dir/mix.conf" --maps "$maps" \
		--set "goroutines=wired free" >"$dir/plan" 2>&1
	check "its maps have no goroutines" sh -c "! grep -q goroutines-free '$dir/plan'"
}
campaign java
campaign rust

# What a map cannot is told by the plan: no trial of it is begun.
if ! "$readmostly" list | grep -q '^java_nbhm_long  *not built'; then
	"$readmostly" run "$dir/mix.conf" --maps java_nbhm_long -o "$dir/churn" --counters none \
		--set write-kind="churn fresh" --set shape=u64x8 --set threads="1 2" >"$dir/said" 2>&1
	check "a campaign of removals on two threads of a map that cannot ends well" [ $? = 0 ]
	journal=$dir/churn/trials.jsonl
	for kind in churn fresh; do
		check "two threads are skipped, with the reason: $kind" sh -c \
			"grep '/t2/' '$journal' | grep -q '\"status\":\"skipped\".*$kind needs one thread, not 2'"
	done
	check "one is measured and verified, of each kind" \
		[ "$(grep '/t1/' "$journal" | grep -c '"status":"ok"')" = 4 ]
	check "and none failed" sh -c "! grep -q '\"status\":\"failed\"' '$journal'"
else
	skip "removals on several threads of java_nbhm_long" "it is not built"
fi
done_testing
