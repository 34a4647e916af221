#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# stub_make.sh - a stub of `make` on PATH, for tests of how the gates build. It logs its
# arguments in $PLAYED_LOG and "builds" each program by copying one from $PLAYED; a map of
# any flavour is a copy of $PLAYED/plain/ID. A tree may have a file `played`: with `protocol N`
# programs have another trial protocol, with `breaks` the build fails, and with `killed` the calling
# script dies before the program is complete.
tree=. build='' out='' needed='' targets=()
echo "$*" >>"$PLAYED_LOG"
while [ $# -gt 0 ]; do
	case $1 in
	-C) tree=$2; shift ;;
	BUILD=*) build=${1#*=} ;;
	OUT=*) out=${1#*=} ;;
	NEEDED=*) needed=${1#*=} ;;
	*=* | -*) ;;
	*) targets+=("$1") ;;
	esac
	shift
done
out=${out:-$build}
cd "$tree" && mkdir -p "$build" "$out/maps" && cp "$PLAYED/names.tsv" "$out/maps" || exit 2
[ -f "$build/flags" ] || echo played >"$build/flags"
read -r how what 2>/dev/null <played
files=()
for target in "${targets[@]}"; do
	if [ "$target" = programs ]; then
		files+=("$out/readmostly")
		for need in $needed; do files+=("$out/maps/$need"); done
	else
		files+=("$target")
	fi
done
for file in "${files[@]}"; do
	mkdir -p "${file%/*}" || exit 2
	case $file in
	*/maps/*) from=$PLAYED/plain/${file##*/} ;;
	*) from=$PLAYED/readmostly; cp "$from" "$file.new" && mv "$file.new" "$file" || exit 2; continue ;;
	esac
	case $how in
	protocol)
		printf '#!/bin/sh\ncat >/dev/null\necho "trial: request: protocol is not %s" >&2\nexit 2\n' \
			"$what" >"$file" && chmod +x "$file" || exit 2 ;;
	breaks) echo 'map.c:1: error: planted'; exit 2 ;;
	killed) head -c 100 "$from" >"$file"; kill -9 $PPID; exit 2 ;;
	*) cp "$from" "$file.new" && mv "$file.new" "$file" && cp "$from.json" "$file.json" || exit 2 ;;
	esac
done
