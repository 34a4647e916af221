#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Edits one line of real maps. `readmostly check` must find each of these bugs.
# slow: a minute of CPU time.
# alone: other load changes how often threads collide.
cd "$(dirname "$0")/../.." || exit 1
count=0
failed=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
files=

report() { # status name
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		failed=1
		[ -f "$dir/out" ] && tail -n 20 "$dir/out" | sed 's/^/# /'
	fi
}

# mutant NAME MAP FILE SED: copies impls/MAP.c as NAME; sed edits FILE, the map or a header of
# impls/ that it includes.
mutant() {
	name=$1 map=$2 file=$3 edit=$4
	home=$dir/$name
	mkdir -p "$home"
	sed "s/\\b$map\\b/$name/g; s/rm_impl_$map\\b/rm_impl_$name/" \
		impls/*/"$map.c" >"$home/$name.c"
	if [ "$file" = "$map.c" ]; then
		target=$home/$name.c
	else
		# The edited header is next to the file that includes it, so it is found before the
		# original.
		path=$(ls impls/*/"$file")
		target=$home/$path
		cp --parents "$path" "$home"
		first="#include \"$path\""
		# Another header includes this one through a macro.
		[ "$file" = gomap_keys.h ] && first="#define GOMAP_KEYS \"$target\""
		sed "1i $first" "$home/$name.c" \
			>"$home/new" && mv "$home/new" "$home/$name.c"
	fi
	cp "$target" "$home/before"
	sed -i "$edit" "$target"
	! cmp -s "$home/before" "$target"
	report $? "$name: the edit changes $file"
	files="$files $home/$name.c"
}

# For one key in 64, a store is dropped. For another one in 64, a lookup returns the value of the
# next slot.
mutant rwlock_drops rwlock_probe rwlock_probe.c \
	's/^\tprobe_write(shape, slot, value);/\tif (tag % 64) probe_write(shape, slot, value);/'
mutant rwlock_neighbour rwlock_probe rwlock_probe.c \
	'0,/probe_read(shape, slot, value)/s//probe_read(shape, tag % 64 ? slot : map->table.slots, value)/'
# Writers lock only for reading, or readers do not lock.
mutant rwlock_shares rwlock_probe rwlock_probe.c \
	's/lock_to_write/lock_to_read/'
mutant rwlock_unread rwlock_probe rwlock_probe.c \
	'0,/lock_to_read(&map->lock);/s//pthread_rwlock_tryrdlock(\&map->lock);/'
# A removal does not close the gap, or growth omits the last slot.
mutant probe_gap rwlock_probe probe.h \
	's/^\t\thole = i;/\t\tbreak;/'
mutant probe_grows_short rwlock_probe probe.h \
	's/i <= old_mask; i++/i < old_mask; i++/'
# Keys with equal tags are not compared. The tag is shortened, because collisions of long tags are
# too rare. The map with the short tag alone is correct and must pass.
mutant probe_trusts rwlock_probe probe.h \
	's/table->seed) |/table->seed) % 64 |/; s/slot\[PROBE_KEY\] == key.word/true/'
mutant probe_short_tag rwlock_probe probe.h \
	's/table->seed) |/table->seed) % 64 |/'
# The unsynchronised map drops some stores to present keys. These are its only writes that several
# threads may run.
mutant unsync_drops unsync_probe unsync_probe.c \
	's/^\telse$/\telse if (tag % 64)/'
# A map without synchronisation claims that it is synchronised.
mutant unsync_boasts unsync_probe unsync_probe.c \
	's/RM_CAP_UNSAFE | RM_CAP_UNSAFE_INSERT/0/'
# Only a part of a string key is compared or copied, or a clear keeps the count of entries.
mutant str_prefix rwlock_probe probe.h \
	's/!memcmp(probe_bytes(slot), key.bytes, key.length)/!memcmp(probe_bytes(slot), key.bytes, key.length < 16 ? key.length : 16)/'
mutant str_cut rwlock_probe probe.h \
	's/memcpy(copy, key.bytes, key.length)/memcpy(copy, key.bytes, key.length < 128 ? key.length : 128)/'
# For one removal in 16, the memory of the copied key is leaked.
mutant str_leaks rwlock_probe probe.h \
	's/^\tif (shape.str)$/\tif (shape.str \&\& hole % 16)/'
mutant clear_keeps rwlock_probe probe.h \
	's/^\ttable->count = 0;//'
# Go's map: lookups search only four buckets of a chain.
mutant go_short_chain gomap_rw gomap_keys.h \
	's/^\tdo {/\tunsigned hops = 0;\n\n\tdo {/; s/while (bucket);/while (bucket \&\& ++hops < 4);/'
# Concurrency Kit: an entry is not stored, or reserved keys are confused.
mutant ck_drops ck_ht ck_operations.h \
	's/^\ttable_set(map, hash, &entry);/\tif (hash.value % 64) table_set(map, hash, \&entry); else entry.key = 0;/'
mutant ck_reserved ck_ht ck_map.h \
	's/reserved\[key.word & 1\]/reserved[key.word * 0]/'

# shellcheck disable=SC2086
IMPL_FLAGS="-O1 -DRM_OUT_OF_LINE" tests/tools/with_impl.sh "$dir/build" 'plain check' $files >"$dir/out" 2>&1
report $? "the mutants build"
program=$dir/build/readmostly
[ -x "$program" ] || { echo "1..$count"; exit 1; }

# Runs checks until one fails. A race may need many attempts, so further seeds run until one of them
# shows it.
first_failure() { # id
	case $1 in str_*) shape=str16x8 ;; *) shape=u64x8 ;; esac
	# A map with a broken lock may hang, which also counts as found. The correct map has a
	# longer deadline.
	case $1 in probe_short_tag) deadline=60 ;; *) deadline=15 ;; esac
	for seed in $(seq 30); do
		for check in model exchange upsert owner atomic growth reclaim; do
			[ "$seed" = 1 ] || [ $check != model ] || continue
			"$program" check "$1" --quiet --deadline $deadline \
				--shape $shape --ops 100000 --only $check \
				--seed "$seed" >"$dir/out" 2>&1
			status=$?
			# Status 3: the check does not apply to the map.
			[ $status = 0 ] || [ $status = 3 ] || return $status
		done
		[ "$1" = probe_short_tag ] && return 0
	done
}
for file in $files; do
	name=$(basename "$file" .c)
	first_failure "$name"
	status=$?
	if [ "$name" = probe_short_tag ]; then
		report $status "$name passes"
		continue
	fi
	[ $status = 1 ] && grep -q "^FAIL $name " "$dir/out"
	report $? "$name is caught: $(sed -n \
		's/^FAIL [^ ]* \([^:]*\): \([^;]*\).*/\1: \2/p' "$dir/out" |
		head -n 1 | cut -c1-80)"
done
echo "1..$count"
exit $failed
