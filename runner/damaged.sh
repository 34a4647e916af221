#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# damaged.sh FOLDER... - removes outputs of a build that are not whole, so that make makes
# them again, and prints each on standard error: empty or cut programs and objects, as a
# half restored build cache leaves them, and a map program without its whole description.
# Empty programs with ID.no are whole: their maps are not simulated.
export LC_ALL=C
remove() { while read -r f; do echo "damaged: $f: it is made again" >&2; rm -f "$f"; done; }

for folder; do
	[ -w "$folder" ] || continue
	find "$folder" -type f \( -perm -u+x -o -name '*.o' \) ! -name '*.new' ! -path '*/cargo/*' -print0 |
		xargs -0 -r readelf -hW /dev/null 2>/dev/null |
		awk '/^File: / { f = substr($0, 7) } /Start of section/ { at = $5 } /Size of section/ { size = $5 }
			/Number of section/ { print at + size * $5, f }' >"$folder/.whole.$$"
	find "$folder" -type f \( -perm -u+x -o -name '*.o' \) ! -name '*.new' ! -path '*/cargo/*' -printf '%s %p\n' |
		awk 'NR == FNR { n = $1; sub(/^[0-9]+ /, ""); whole[$0] = n; next }
			{ n = $1; sub(/^[0-9]+ /, "") } !($0 in whole) || n < whole[$0]' "$folder/.whole.$$" - |
		while read -r f; do
			[ "$(head -c 2 "$f" | tr -d '\0')" = '#!' ] || { [ ! -s "$f" ] && [ -s "$f.no" ]; } || echo "$f"
		done | remove
	rm "$folder/.whole.$$"
	# A description ends with a brace, and is made with its program.
	for f in "$folder"/maps/plain/*; do
		case $f in *.json | *.new | *.d) continue ;; esac
		[ ! -f "$f" ] || [ -L "$f" ] || [ "$(tail -c 2 "$f.json" 2>/dev/null | tr -d '\n')" = '}' ] || echo "$f"
	done | remove
done
