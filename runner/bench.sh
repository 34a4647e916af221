#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bench.sh [ARGUMENTS of run] - `make bench`: installs missing packages, builds the
# maps of the mode ($MODE and $SET), measures them and writes the report. SET=claims:
# answer.sh does it for the claims $IDS, or for all.
#
# Maps that somebody works on are measured, too (touched.sh; $IMPL is one, $MAPS
# names more).
# `readmostly run` ends with the result and the path of its page.
# BENCH_DRY=1 stops after it has said what would be built.
. runner/base/environment.sh
. runner/programs.sh
. runner/mode.sh
find_mode smoke || exit
TOUCHED_MAX=8

say() { echo "bench: $*"; }

# shellcheck disable=SC2086 # words
[ "$SET" != claims ] || exec runner/answer.sh claims $IDS "$@"
unset MAKEFLAGS MFLAGS MAKELEVEL
get_packages
mapfile -t touched < <(CC=${CC:-gcc} runner/touched.sh)
if [ ${#touched[@]} -gt 0 ] && ! grep -qsw '^workloads.*touched' "$mode_file"; then
	say "$mode_words measures no touched maps by themselves" \
		"(smoke, quick, standard and full do): ${touched[*]}"
	touched=()
fi
if [ ${#touched[@]} -gt $TOUCHED_MAX ]; then
	say "${#touched[@]} maps are touched, the first $TOUCHED_MAX are measured" \
		"by themselves; MAPS=ids adds: ${touched[*]:TOUCHED_MAX}"
	touched=("${touched[@]:0:TOUCHED_MAX}")
fi
# A map from outside the tree was named to be measured, too.
for file in $IMPL; do touched+=("$(basename "${file%.*}")"); done
touched+=(${MAPS//,/ })
mapfile -t touched < <(printf '%s\n' "${touched[@]}" | awk 'NF && !seen[$0]++')
[ ${#touched[@]} = 0 ] || set -- "$@" --touched "${touched[*]}"
needs_of --mode "$mode" "$@"
[ ${#touched[@]} = 0 ] || say "touched: ${touched[*]}"
if [ -n "$BENCH_DRY" ]; then
	say "built for $mode_words: $(needed plain)"
	exit
fi
build_needed
go_open
exec "$build/readmostly" run --mode "$mode" "$@"
