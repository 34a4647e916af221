#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# bench.sh [ARGUMENTS of run] - `make bench`: installs missing packages, builds the maps of the mode ($MODE and $SET),
# measures them and writes the report. SET=claims: answer.sh does this for the claims $IDS, or for all. Also measures
# new and changed maps (touched.sh) and the maps in $IMPL and $MAPS. `readmostly run` ends with the result and the path
# of its page. BENCH_DRY=1 only prints what it would build.
. runner/programs.sh
. runner/mode.sh
find_mode smoke || exit
TOUCHED_MAX=8

say() { echo "bench: $*"; }

# shellcheck disable=SC2086 # words
[ "$SET" != claims ] || exec runner/answer.sh claims $IDS "$@"
[ -z "$MINUTES" ] || say "MINUTES=$MINUTES is not kept, it limits make regress: $mode_words measures for about" \
	"$(sed -n 's/^budget *= *//p' "$mode_file"), after the build." \
	"Fewer runs would not rank its maps. For less time, measure your own workload: docs/guide/your-workload.md"
get_packages
mapfile -t touched < <(CC=${CC:-gcc} runner/touched.sh)
if [ ${#touched[@]} -gt 0 ] && ! grep -qsw '^workloads.*touched' "$mode_file"; then
	say "$mode_words does not measure new and changed maps (smoke, quick, standard and full do): ${touched[*]}"
	touched=()
fi
if [ ${#touched[@]} -gt $TOUCHED_MAX ]; then
	say "${#touched[@]} maps are new or changed; only the first $TOUCHED_MAX are measured." \
		"Add others by MAPS=ids: ${touched[*]:TOUCHED_MAX}"
	touched=("${touched[@]:0:TOUCHED_MAX}")
fi
# Maps named by the user are always measured.
for file in $IMPL; do touched+=("$(basename "${file%.*}")"); done
touched+=(${MAPS//,/ })
mapfile -t touched < <(printf '%s\n' "${touched[@]}" | awk 'NF && !seen[$0]++')
[ ${#touched[@]} = 0 ] || set -- "$@" --touched "${touched[*]}"
chosen=MAPS=$MAPS
needs_of --mode "$mode" "$@"
[ ${#touched[@]} = 0 ] || say "touched: ${touched[*]}"
if [ -n "$BENCH_DRY" ]; then
	say "built for $mode_words: $(needed plain)"
	exit
fi
build_needed
go_open
exec "$build/readmostly" run --mode "$mode" "$@"
