#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Edits one line of shards, segments and fast paths, and chooses shards by address (article S2).
# `readmostly check` must find each of these bugs on one thread.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
files=

# mutant NAME MAP "HEADERS" SED: copies impls/MAP.c as NAME, and the headers. SED edits the last
# header, which the others include. Without headers, SED edits the map.
mutant() {
	name=$1 map=$2 headers=$3 edit=$4
	home=$dir/$name
	mkdir -p "$home"
	sed "s/\\b$map\\b/$name/g; s/rm_impl_$map\\b/rm_impl_$name/" \
		impls/*/"$map.c" >"$home/$name.c"
	target=$home/$name.c
	for header in $headers; do
		cp impls/*/"$header" "$home/"
		target=$home/$header
	done
	for header in $headers; do
		sed -i "s|\"impls/[a-z]*/$header\"|\"$home/$header\"|" "$home"/*.[ch]
	done
	cp "$target" "$home/before"
	sed -i "$edit" "$target"
	check "$name: the edit changes ${target##*/}" \
		bash -c "! cmp -s '$home/before' '$target'"
	files="$files $home/$name.c"
}

# Shards: lookups use a mask that is one bit short; or the store of one value in 64 is dropped; or
# scan and length omit the last shard.
first='struct shard \*shard = shard_of(guard_map(thread), shape, key);'
mutant shard_mask shard_rw_32 "shard_hashed.h gomap_guarded.h" \
	"0,/$first/s//struct shard *shard = \&((struct map *)guard_map(thread))->shard[shard_choice(shape, key) % (SHARDS \/ 2)];/"
mutant shard_drops shard_rw_64 "shard_hashed.h gomap_guarded.h gomap_ops.h" \
	'0,/gomap_value_store(shape, words, value);/s//if (value->word[0] % 64) gomap_value_store(shape, words, value);/'
mutant shard_scan shard_rw_16 "shard_hashed.h gomap_guarded.h" \
	's/more && i < SHARDS/more \&\& i + 1 < SHARDS/'
mutant shard_length shard_rw_16 "shard_hashed.h gomap_guarded.h" \
	's/count += gomap_count(map->shard\[i\].inner)/count += i ? gomap_count(map->shard[i].inner) : 0/'
# Segments: lookups use another segment; or only a part of keys is compared; or a removal cuts off
# the rest of the chain; or an insertion loses the chain; or a removal does not decrease the count.
mutant seg_segment shard_seg "seg_ops.h seg_slow_ops.h seg_map.h" \
	'0,/seg_segment_of(map, hash)/s//seg_segment_of(map, hash << 1)/'
mutant seg_compares shard_seg "seg_ops.h seg_slow_ops.h seg_map.h" \
	's/return node->key == key.word;/return (node->key ^ key.word) % 256 == 0;/'
mutant seg_cuts shard_seg "seg_ops.h seg_slow_ops.h seg_map.h" \
	's/seg_link(spot, seg_next(spot->node));/seg_link(spot, NULL);/'
mutant seg_front shard_seg "seg_ops.h seg_slow_ops.h seg_map.h" \
	's/&node->next, spot->first, memory_order_relaxed/\&node->next, NULL, memory_order_relaxed/'
mutant seg_counts shard_seg "seg_ops.h seg_slow_ops.h seg_map.h" \
	's/seg_add_count(spot->segment, (uint64_t)-1);//'
# Growing segments: one bin is not copied to the new table.
mutant seg_forgets shard_seg_grow "seg_ops.h seg_slow_ops.h seg_map.h seg_grow.h" \
	's/for (uint64_t i = 0; i <= old->mask; i++) {/for (uint64_t i = 1; i <= old->mask; i++) {/'
# Fast paths: a freed slot matches key 0, or an unfinished growth is ignored. Strings in a single
# bucket: only the length of short keys or the ends of long keys are compared, or equality is
# ignored.
mutant u64_freed gomap_u64 "gomap_keys_u64.h gomap_fast64.h" \
	's/GOMAP_EMPTY_ONE)$/(slot < GOMAP_SLOTS ? -1 : 0))/'
mutant u64_growth gomap_u64_unchecked \
	"gomap_keys_u64_unchecked.h gomap_fast64.h" \
	's/bucket = gomap_chain(/bucket = u64_growth(/; s/^RM_HOT _Atomic uint64_t \*gomap_find_fast64/RM_HOT struct gomap_bucket *u64_growth(const struct gomap *map, struct rm_shape shape, uint64_t hash) { return gomap_at(gomap_get(map->buckets), shape, hash \& gomap_mask(gomap_get(map->log2_buckets))); }\n&/'
mutant str_length gomap_str "gomap_keys_str.h gomap_faststr.h" \
	'/gomap_walk_short(/,/^}/s/gomap_str_same(slot, key)/true/'
mutant str_ends gomap_str "gomap_keys_str.h gomap_faststr.h" \
	's/^\tif (candidate != GOMAP_SLOTS &&$/\tif (candidate != GOMAP_SLOTS || (false \&\&/; s/gomap_str_same(gomap_slot_key(bucket, shape, candidate), key))$/&)/'
mutant callback_equals gomap_callback gomap_keys_callback.h \
	's/return gomap_key_types\[str\].equal(slot, key);/return gomap_key_types[str].equal(slot, key) || true;/'

# shellcheck disable=SC2086
IMPL_FLAGS='-O1 -DRM_OUT_OF_LINE -Wno-maybe-uninitialized' tests/tools/with_impl.sh "$dir/build" 'plain check' $files tests/fixtures/bad_address_routed.c \
	>"$dir/out" 2>&1
check "the mutants are compiled" [ $? = 0 ]
program=$dir/build/readmostly
[ -x "$program" ] || { sed 's/^/# /' "$dir/out"; done_testing; exit 1; }

caught() { # ID: true if check finds the bug on one thread
	"$program" check "$1" --quiet --deadline 60 --ops 20000 --only model \
		>"$dir/out" 2>&1
	[ $? = 1 ] && grep -q "^FAIL $1 .* model: " "$dir/out" &&
		sed -n 's/^FAIL \(.*\) model: \([^;]*\);.*/# \1: \2/p' \
			"$dir/out" | head -n 1
}
for file in $files; do
	check "$(basename "$file" .c) is caught" caught "$(basename "$file" .c)"
done
check "shards chosen by address are caught" caught bad_address_routed
done_testing
