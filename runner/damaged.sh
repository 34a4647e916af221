#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# damaged.sh BUILD OUT - prepares a build. It makes scripts executable if an archive lost their modes. It removes files
# in BUILD and programs in OUT that a build cache or a full disk left empty or truncated, map programs without a sealed
# description (ID.json), and those that are older than their sources. Prints what it cannot repair, with the next step.
export LC_ALL=C
mend_modes() {
	local file line unable=()
	[ ! -x .ci/deps ] || [ ! -x runner/seal.sh ] || [ ! -x impls/names.sh ] || return 0
	for file in $(find . -path ./build -prune -o -path ./.git -prune -o -type f -print); do
		[ -x "$file" ] || ! read -r line <"$file" || [ "${line#\#!/}" = "$line" ] || unable+=("$file")
	done 2>/dev/null
	[ ${#unable[@]} -gt 0 ] || return 0
	if [ -n "$(find "${unable[0]}" -perm -u+x)" ]; then
		echo "${unable[0]}: Permission denied: this disk is mounted noexec (findmnt -T .): copy the tree to another one"
	elif chmod +x "${unable[@]}" 2>/dev/null; then
		echo "make restores the execute permission of ${#unable[@]} scripts, such as ${unable[0]}" >&2
	else
		echo "${unable[0]}: its execute permission is lost: run make once as the owner of this tree"
	fi
}
check_folders() { # BUILD OUT: fails if programs there cannot be started, so that none is removed as damaged
	local file
	for file in "$1" "$2" "$2/maps"; do
		! findmnt -n -o OPTIONS -T "$file" 2>/dev/null | grep -qw noexec || {
			echo "$file: its file system is mounted noexec (findmnt -T $file): build elsewhere: make BUILD=/tmp/readmostly"
			return 1
		}
	done
	file=$( (find "$1" build/* -maxdepth 0; find "$1" -type d -o -name '*.log' -o -name '*.lock') 2>/dev/null |
		while read -r file; do [ -w "$file" ] || { echo "$file"; break; }; done)
	[ -z "$file" ] || echo "$file: $(id -un) cannot write there (owner: $(stat -c %U "$file")). After sudo make:" \
		"sudo chown -R $(id -un) build, or build elsewhere: make BUILD=/tmp/readmostly"
}
check() { find "$@" -type f ! -path '*/cargo/*' \( -size 0 -printf 'objdump: %p: file\n' -o -exec objdump -f {} + \); }
# Prints objects whose list of dependencies is cut: a list must name each header twice (-MP). Prints map programs that are
# older than a source in that list or a source that all programs of their flavour share: campaigns would record them
# with the commit of a newer readmostly.
older() { # BUILD OUT
	awk -v build="$1/" '
	function later(to, from) { if (time[from] > time[newest[to]]) newest[to] = from }
	function stale(of) { if (time[newest[of]] > $2) remove = 1 }
	function found(file) { print "objdump: " file ": file" }
	function end() { if (object && (named || source !~ /\.(c|cc|s)$/)) { found(object); found(object ".d") } }
	FILENAME ~ /\.d$/ {
		if (FNR == 1) { end(); object = substr(FILENAME, 1, length(FILENAME) - 2); source = ""; named = 0; delete seen
			count = split(object, part, /[\/.]/)
			if (match(object, /impls\/.*\./)) file[part[count - 1]] = substr(object, RSTART, RLENGTH - 1) }
		for (i = 1; i <= NF; i++)
			if ($i == "\\" || $i ~ /\.(o|s|so|new):$/) continue
			else if ($i ~ /:$/) { if (seen[substr($i, 1, length($i) - 1)]-- == 1) named-- }
			else if (source == "") later(object, source = $i)
			else { later(object, $i); if (!seen[$i]++) named++ }
		next
	}
	$1 == "source" {
		time[$3] = $2
		if (split($3, part, "/") && $3 ~ /^impls\/(go|java|rust)\//) later(part[2], $3)
		else if ($3 ~ /^(verify|runner\/sim)\//) later("checks", $3)
		else if ($3 ~ /^runner\/((base|protocol|machine|counters|trial|trace|map_program)\/)?[^\/]*\.[ch]$/) later("all", $3)
		next
	}
	{
		remove = 0; count = split($3, part, "/"); folder = part[count - 1]
		if (match($3, /\/readmostly-(go|java|rust)/)) stale(substr($3, RSTART + 12, RLENGTH - 12))
		else {
			stale("all")
			if (folder ~ /^(check|sim|explore)/) stale("checks")
			sub(/^check-/, "", folder); sub(/^explore$/, "sim", folder)
			stale(build (folder ~ /^(plain|aa|check)$/ ? "" : folder "/") file[part[count]] (folder == "sim" ? ".s" : ".o"))
		}
		if (remove) found($3)
	}
	END { end() }' <(find impls runner verify -type f -printf 'source %T@ %p\n') $(find "$1" -type f -name '*.d') \
		<(find "$2"/readmostly-* "$2/maps" -type f ! -name '*.*' ! -name 'readmostly-[hl]*' -printf 'program %T@ %p\n')
}
list() {
	check "$1" -name '*.o'
	check "$2"/readmostly* "$2/maps" -perm -u+x ! -name '*.new'
	older "$@"
	find "$1" -type f -name '*.d' -size 0 | sed 's/\(.*\)\.d$/objdump: &: file\nobjdump: \1: file/'
	for file in "$1"/*.c; do [ "$(tail -c 2 "$file")" = ';' ] || echo "objdump: $file: file"; done
	grep -L ',"crc32":"[0-9a-f]*"}$' "$2"/maps/plain/*.json | sed 's/\(.*\).json/objdump: &: file\nobjdump: \1: file/'
	for file in "$2"/maps/*/*; do
		name=${file##*/maps/}
		case $name in *.* | '*'*) continue ;; plain/*) [ -e "$file.json" ] || echo "objdump: $file: file" ;; esac
		[ -x "$file" ] || [ -e "$file.no" ] || echo "objdump: $file: file"
	done
}
mend_modes; check_folders "$@" || exit 0
list "$@" 2>&1 | sed -n 's/^objdump: \(.*\): file.*/\1/p' | sort -u | {
	count=0
	while read -r file; do
		[ "$(head -c 2 "$file" 2>/dev/null | tr -d '\0')" != '#!' ] || continue
		[ -e "$file" ] || [ -L "$file" ] || continue
		rm -f "$file" && count=$((count + 1)) example=$file
		case $file in */maps/plain/*) rm -f "$file.json" ;; esac
	done
	[ $count = 0 ] || echo "make removed $count outputs that were damaged or older than their sources, such as $example" >&2
}
