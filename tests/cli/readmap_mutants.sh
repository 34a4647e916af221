#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Edits one line of readmap. `readmostly explore` finds each of these bugs within the listed number
# of schedules. In all copies the tags are empty, because tags hide most bugs in the use of slot
# versions. A copy with empty tags and without a bug passes.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
files='' mutants=''

# mutant NAME MEMORY SCHEDULES HEADER SED: copies readmap as NAME; SED edits one of its headers.
mutant() {
	name=$1 header=$4 home=$dir/$1
	mkdir -p "$home"
	cp impls/readmap/*.h "$home/"
	sed "s/\"readmap\"/\"$name\"/; s/rm_impl_readmap\b/rm_impl_$name/" impls/readmap/readmap.c >"$home/$name.c"
	sed -i "s|\"impls/readmap/|\"$home/|" "$home"/*.[ch]
	sed -i 's/(hash & READMAP_TAGS)/(hash * 0)/; s/(meta ^ hash) & /(meta ^ hash) * 0 \& /' "$home/readmap_layout.h"
	cp "$home/$header" "$home/before"
	sed -i "$5" "$home/$header"
	check "$name: the edit changes $header" bash -c "! cmp -s '$home/before' '$home/$header'"
	files="$files $home/$name.c" mutants="$mutants $name:$2:$3"
}

# A removal does not increase the version, or a look-up does not read the meta word again, or a slot
# without an entry matches.
mutant keeps_version sc 20000 readmap_write.h 's/ + READMAP_VERSION;/;/'
mutant reads_once sc 20000 readmap_read.h 's/meta == again/again != 1/'
mutant matches_dead sc 20000 readmap_layout.h 's/(uint32_t)meta & live;/live;/'
# The filter lacks a key, or a bucket is marked as moved before its chain is copied.
mutant filters_none sc 20000 readmap_write.h 's/spot->meta |= READMAP_CHAIN | readmap_filter(spot->hash);/spot->meta |= READMAP_CHAIN;/'
mutant marks_early sc 20000 readmap_resize.h \
	's/^\t\treadmap_copy_bucket(map, &head\[i\], table);/\t\tatomic_fetch_or(\&head[i].meta, READMAP_MOVED | READMAP_CHAIN);\n&/'
# A replaced table is freed at once.
mutant frees_at_once sc 20000 readmap_resize.h \
	's/epoch_retire(record, READMAP_TABLE, old, readmap_table_bytes(old));/(void)record; readmap_table_free(old);/'
# A write returns while its store is still in the store buffer, or key and value are stored in any
# order.
mutant ends_buffered tso 20000 readmap_write.h '/^RM_HOT void readmap_unlock/,/^}/s/memory_order_seq_cst/memory_order_release/'
mutant fills_relaxed c11 20000 readmap_write.h \
	'/^RM_HOT uint64_t readmap_fill/,/^}/s/memory_order_release/memory_order_relaxed/'

mutant key_relaxed c11 20000 readmap_read.h \
	'/^RM_HOT struct readmap_result readmap_get/,$s/readmap_key(line, bit), memory_order_acquire/readmap_key(line, bit), memory_order_relaxed/'
mutant no_bug c11 20000 readmap_layout.h '$a// no edit'

# shellcheck disable=SC2086
IMPL_FLAGS='-O1 -DRM_OUT_OF_LINE' check 'the mutants build' tests/tools/with_impl.sh "$dir/build" explore $files
# While a look-up reads a slot, the slot is given to another key and back to the first one.
cat >"$dir/slot.txt" <<-'end'
	shape    = u64x8
	keys     = 2
	resident = 0
	thread 1 = lookup 0, lookup 0, lookup 0
	thread 2 = remove 0, upsert 1, remove 1, upsert 0
end
explored() { # NAME MEMORY SCHEDULES STATUS
	program=
	case $1 in keeps_version | reads_once | key_relaxed | no_bug) program="--program-file $dir/slot.txt" ;; esac
	# shellcheck disable=SC2086
	"$dir/build/maps/explore/$1" "$1" --memory "$2" --schedules "$3" $program >"$dir/out" 2>&1
	[ $? = "$4" ] && grep -E "^(FAIL|ok  ) $1: " "$dir/out" | sed 's/^/# /' || { sed 's/^/# /' "$dir/out"; return 1; }
}
for each in $mutants; do
	IFS=: read -r name memory schedules <<<"$each"
	check "explore of $name under $memory has the expected status" \
		explored "$name" "$memory" "$schedules" "$([ "$name" = no_bug ]; echo $?)"
done
done_testing
