#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# damaged.sh BUILD OUT - removes the empty or cut objects in BUILD and programs in OUT that a build cache or a full
# disk left. It removes map programs that have no sealed description (ID.json), too. Make then builds them.
export LC_ALL=C
check() { find "$@" -type f ! -path '*/cargo/*' \( -size 0 -printf 'objdump: %p: file\n' -o -exec objdump -f {} + \); }
list() {
	check "$1" -name '*.o'
	check "$2"/readmostly* "$2/maps" -perm -u+x ! -name '*.new'
	grep -L ',"crc32":"[0-9a-f]*"}$' "$2"/maps/plain/*.json | sed 's/\(.*\).json/objdump: &: file\nobjdump: \1: file/'
	for file in "$2"/maps/*/*; do
		name=${file##*/maps/}
		case $name in *.* | '*'*) continue ;; plain/*) [ -e "$file.json" ] || echo "objdump: $file: file" ;; esac
		[ -x "$file" ] || [ -e "$file.no" ] || echo "objdump: $file: file"
	done
}
list "$@" 2>&1 | sed -n 's/^objdump: \(.*\): file.*/\1/p' | sort -u | {
	count=0
	while read -r file; do
		[ "$(head -c 2 "$file" 2>/dev/null | tr -d '\0')" != '#!' ] || continue
		rm -f "$file" && count=$((count + 1)) example=$file
	done
	[ $count = 0 ] || echo "make builds again $count files that are damaged or of an older version, such as $example" >&2
}
