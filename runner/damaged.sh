#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# damaged.sh BUILD OUT - removes the empty or cut objects in BUILD and programs in OUT that a build cache or a full
# disk left. It removes map programs that have no sealed description (ID.json), too. Make then builds them.
export LC_ALL=C
check() { find "$@" -type f ! -path '*/cargo/*' \( -size 0 -printf 'objdump: %p: file empty\n' -o -exec objdump -f {} + \) 2>&1; }
remove() { echo "damaged: $1: it is made again" >&2; rm -f "$1"; }

{
	check "$1" -name '*.o'
	check "$2"/readmostly* "$2/maps" -perm -u+x ! -name '*.new'
	grep -L ',"crc32":"[0-9a-f]*"}$' "$2"/maps/plain/*.json 2>/dev/null | sed 's/.*/objdump: &: file cut/'
} | sed -n 's/^objdump: \(.*\): file .*/\1/p' | while read -r file; do
	[ "$(head -c 2 "$file" | tr -d '\0')" = '#!' ] || remove "$file"
done
for file in "$2"/maps/*/*; do
	name=${file##*/maps/}
	case $name in *.* | '*'*) continue ;; plain/*) [ -e "$file.json" ] || remove "$file" ;; esac
	[ -x "$file" ] || [ -e "$file.no" ] || remove "$file"
done
