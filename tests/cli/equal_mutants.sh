#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Breaks each rule of Go's maps in the C port with one edit. The comparison with recorded states of
# Go must then fail. Uses one thread and no random numbers; Go is not needed.
# slow: over ten seconds of CPU time.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
cc=$(cut -d' ' -f1 "${BUILD:-build/gcc}/flags") || exit 1

# build TEST: compiles the test; the edited headers in $home come first in the path.
build() {
	# shellcheck disable=SC2086
	$cc -std=c11 -D_GNU_SOURCE -O0 -w -I"$home" -I. -o "$home/test" \
		tests/unit/*/"$1.c" -pthread -lz >"$home/log" 2>&1
}

differs() { # TRACE...
	timeout 300 "$home/test" "$@" >"$home/log" 2>&1
	grep -q '^not ok' "$home/log"
}

# check_mutant TEXT TEST SED TRACE...: edits all headers of the family, because a rule may move to
# another header.
check_mutant() {
	text=$1 test=$2 edit=$3
	shift 3
	home=$dir/$tap_count
	mkdir -p "$home"
	cp --parents impls/*/*map*.h tests/unit/gomap/*.h "$home"
	sed -i "$edit" "$home"/impls/*/*.h "$home"/tests/unit/gomap/*.h
	if for folder in impls tests/unit/gomap; do diff -r -q $folder "$home/$folder"; done |
		grep -q ' differ$' && build "$test"; then
		check "$text" differs "$@"
	else
		[ -f "$home/log" ] && sed 's/^/# /' "$home/log"
		check "$text: the edit applies and compiles" false
	fi
}

equal() { # TRACE...
	"$home/test" "$@" >"$home/log" 2>&1 ||
		{ sed 's/^/# /' "$home/log"; return 1; }
}

check_unedited() { # TEXT TEST TRACE...: the unedited map equals Go's
	home=$dir/$tap_count
	text=$1 test=$2
	shift 2
	mkdir "$home"
	if build "$test"; then
		check "$text" equal "$@"
	else
		sed 's/^/# /' "$home/log"
		check "$text: it compiles" false
	fi
}

gomap=test_equal_gomap
check_unedited "the native map, unedited, is equal" $gomap native-word-200 \
	native-text-2000 turning-text-3000 growth-hint-9
check_mutant "growth at 13 entries for 2 buckets, not at 14" $gomap \
	's/count > 13 \*/count >= 13 */' growth-hint-0
check_mutant "a hint counts as one entry more" $gomap \
	's/while (gomap_over(hint,/while (gomap_over(hint + 1,/' native-word-200
check_mutant "an overflow bucket more before a growth of the same size" $gomap \
	's/return noverflow >= 1U/return noverflow > 1U/' turning-text-3000
check_mutant "the overflow count survives a growth" $gomap \
	's/^\tgomap_set(map->noverflow, 0);//' native-text-2000
check_mutant "tophash: 5 is moved up, too" $gomap \
	's/return top < GOMAP_LIVE ?/return top <= GOMAP_LIVE ?/' native-word-200
check_mutant "a write moves only its own old bucket" $gomap \
	's/gomap_evacuate(map, shape, gomap_get(map->nevacuate))/(void)map/' \
	native-text-2000
check_mutant "a removal moves nothing" $gomap \
	'/^RM_HOT bool gomap_remove(/,/^}/s/gomap_grow_work(map, shape, hash);/{}/' \
	native-text-2000
check_mutant "the evacuation mark stops after 8 moved buckets" $gomap \
	's/GOMAP_MARK_STEPS = 1024/GOMAP_MARK_STEPS = 8/' filling-word-200000
check_mutant "too many overflow buckets double the map" $gomap \
	's/unsigned bigger = gomap_over(.*$/unsigned bigger = 1;/' \
	turning-text-3000
check_mutant "a removed slot ends the chain, but not the slots before it" $gomap \
	's/^\t} while (gomap_get(place.bucket->tophash\[place.slot\]) ==/\t} while (0 \&\& gomap_get(place.bucket->tophash[place.slot]) ==/' \
	native-word-200
check_mutant "the emptied map keeps its seed" $gomap \
	's/if (gomap_get(map->count) == 0)$/if (false)/' native-word-5
check_mutant "an inserted key goes after all others" $gomap \
	's/<= GOMAP_EMPTY_ONE)$/== GOMAP_EMPTY_REST)/' native-word-200
check_mutant "clear keeps the mark of the growth that it ends" $gomap \
	'/gomap_clear(struct gomap \*map/,/^}/s/gomap_set(map->nevacuate, 0);//' \
	native-word-200

check_mutant "a store into a nil map prints another message" $gomap \
	's/panic: assignment to entry in nil map/fatal: no map/' nil-map
check_mutant "a store into a nil map does nothing" $gomap \
	's/^\t\tgomap_panic_nil();/\t\treturn NULL;/' nil-map

floats=test_equal_floats
check_unedited "the map of floats, unedited, is equal" $floats floats-3 floats-500
check_mutant "during an iteration a random hash chooses the half of a NaN" $floats \
	's/if (gomap_equals_itself(key) ||/if (true ||/' floats-500
check_mutant "an iterator chooses the half of a NaN by a hash" $floats \
	's/if (!gomap_equals_itself(key)) .. as in gomap_choose_half.*$/if (false)/' floats-500
check_mutant "an iterator looks up a moved NaN" $floats \
	's/!gomap_equals_itself(gomap_slot_key(it->bucket, shape, slot)))/false)/' \
	floats-500
check_mutant "NaNs with equal bits are one key" $floats \
	's/return gomap_float(gomap_get(slot\[0\])) == gomap_float(key.word);/return gomap_get(slot[0]) == key.word;/' \
	floats-3
check_mutant "a store of -0 keeps the key 0" $floats \
	's/if (GOMAP_FLOAT_KEYS) .. -0 equals 0/if (false) \/* -0/' floats-3

syncmap=test_equal_syncmap
check_unedited "sync.Map, unedited, is equal" $syncmap sync-word-8 sync-word-64 \
	sync-text-100 sync-full-text-50
check_mutant "promotion at misses > len(dirty)" $syncmap \
	's/return misses >= gomap_count(map->dirty)/return misses > gomap_count(map->dirty)/' \
	sync-word-8
check_mutant "a store counts a miss" $syncmap \
	'/^RM_HOT uint64_t syncmap_swap_locked(/,/^}/s/^\tsyncmap_unlock/\tif (missed) syncmap_miss(thread, map);\n&/' \
	sync-word-8
check_mutant "a lookup of an absent key counts no miss" $syncmap \
	'/^RM_HOT uint64_t syncmap_find_locked(/,/^}/s/syncmap_count_miss(map,/if (entry) &/' \
	sync-word-64
check_mutant "removing an absent key counts no miss" $syncmap \
	'/syncmap_detach_locked($/,/^}/s/syncmap_miss(thread, map);/if (entry) &/' \
	sync-word-64
check_mutant "LoadOrStore of a key in dirty counts no miss" $syncmap \
	'/syncmap_fill_locked(/,/^}/s/if (missed)/if (false)/' sync-word-8
check_mutant "a promotion keeps the misses" $syncmap \
	'/^static.* void syncmap_promote($/,/^}/s/syncmap_set_misses(map, 0);//' \
	sync-word-64
check_mutant "Range leaves new keys in dirty" $syncmap \
	'/syncmap_promoted_header(/,/^}/s/syncmap_promote(thread, map);/{}/' \
	sync-word-64
check_mutant "a rebuild copies removed entries" $syncmap \
	's/if (syncmap_expunge(map, entry))/if (false)/' sync-text-100
check_mutant "CompareAndDelete of an absent key counts no miss" $syncmap \
	's/if (missed && (entry || removes))/if (missed \&\& entry)/' \
	sync-full-word-7
check_mutant "Clear keeps the misses" $syncmap \
	'/^static inline void syncmap_clear(/,/^}/s/syncmap_set_misses(map, 0);//' \
	sync-full-word-400
done_testing
