#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bench.sh [ARGUMENTS of run] - `make bench`: installs missing packages, builds the
# maps of the mode ($MODE and $SET), measures them and writes the report. SET=claims:
# answer.sh does it for the claims $IDS, or for all.
#
# Maps that somebody works on are measured, too (touched.sh; $IMPL is one, $MAPS
# names more).
# The report is written whatever happened (status 2, nothing was started,
# excepted); its path is the last line; what failed decides the status.
# BENCH_DRY=1 stops after it has said what would be built.
unset $(git rev-parse --local-env-vars 2>/dev/null | grep -v CONFIG) # a git hook exports these
. runner/programs.sh
. runner/mode.sh
find_mode smoke || exit
TOUCHED_MAX=8 name='' spent=''

now() { date +%s; }
stage() { # NAME: the one before is over
	[ -z "$name" ] || spent="$spent, $name $(($(now) - begun)) s"
	name=$1 begun=$(now)
}
say() { echo "bench: $*"; }

# shellcheck disable=SC2086 # words
[ "$SET" != claims ] || exec runner/answer.sh claims $IDS "$@"
unset MAKEFLAGS MFLAGS MAKELEVEL
stage packages
.ci/deps build || exit

stage building
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
say "touched: ${touched[*]:-none}"
say "built for $mode_words: $(needed plain)"
[ -z "$BENCH_DRY" ] || exit 0
build_needed

stage measuring
measure "$build/readmostly" run --mode "$mode" "$@"

stage page
python=$(report/find_python.sh) || exit 3
previous=$("$python" -m report "$campaign" --find-previous)
page=$("$python" -m report "$campaign" ${previous:+--previous "$previous"})
reported=$?
stage
sed '$d' <<<"$page"
say "${spent#, }"
tail -n 1 <<<"$page"
[ $ran != 0 ] && exit $ran
exit $reported
