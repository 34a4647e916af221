#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# played_make.sh - stands on PATH as `make` in tests of how the gates build: notes
# its words in $PLAYED_LOG and "builds" each program that it is asked for by a
# copy of one in $PLAYED. A tree may say otherwise in a file `played`:
# `protocol N` a program of another trial protocol, `breaks` no program,
# `killed` the script that called dies before the program is whole.
tree=. build='' targets=()
echo "$*" >>"$PLAYED_LOG"
while [ $# -gt 0 ]; do
	case $1 in
	-C) tree=$2; shift ;;
	BUILD=*) build=${1#*=} ;;
	*=* | -*) ;;
	*) targets+=("$1") ;;
	esac
	shift
done
cd "$tree" && mkdir -p "$build" || exit 2
[ -f "$build/flags" ] || echo played >"$build/flags"
read -r how what 2>/dev/null <played
for target in "${targets[@]}"; do
	mkdir -p "${target%/*}" || exit 2
	case $how in
	protocol)
		printf '#!/bin/sh\ncat >/dev/null\necho "trial: request: protocol is not %s" >&2\nexit 2\n' \
			"$what" >"$target" && chmod +x "$target" || exit 2 ;;
	breaks) echo 'map.c:1: error: planted'; exit 2 ;;
	killed) head -c 100 "$PLAYED/${target##*/}" >"$target"; kill -9 $PPID; exit 2 ;;
	*) cp "$PLAYED/${target##*/}" "$target.new" && mv "$target.new" "$target" || exit 2 ;;
	esac
done
