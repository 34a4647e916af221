#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# reviewer.sh ARTIFACT WORK ID - `make claim ID=...` and `make kick` of an artifact: builds its sources in WORK,
# measures the row of claims.tsv, and prints it next to the expected result. ARTIFACT is not changed. Status: the
# campaign's, then the page's; 2 no such row, or kick would take longer here than ARTIFACT.md promises.
artifact=$1 work=$2 id=$3
say() { echo "artifact: $*"; }

row=$(awk -F '\t' -v id="$id" 'NR > 1 && $1 == id' "$artifact/claims.tsv")
if [ -z "$row" ]; then
	say "ID=$id: expected one of" $(tail -n +2 "$artifact/claims.tsv" | cut -f 1) >&2
	exit 2
fi
IFS=$'\t' read -r _ _ plan cells settings maps minutes expected <<<"$row"
if [ ! -d "$work/sources" ]; then
	rm -rf "$work/sources.new" && mkdir -p "$work" &&
		cp -R "$artifact/sources" "$work/sources.new" &&
		mv "$work/sources.new" "$work/sources" || exit 2
fi
cd "$work/sources" || exit 2
. runner/programs.sh

cell_args=("$artifact/$plan")
[ "$cells" = - ] || cell_args+=(--cells-from "$artifact/$cells")
[ "$maps" = - ] || cell_args+=(--maps "$maps")
IFS=';' read -r -a lines <<<"$settings"
for line in "${lines[@]}"; do cell_args+=(--set "$line"); done

needs_of "${cell_args[@]}"
build_needed
readmostly=$build/readmostly
"$readmostly" plan "${cell_args[@]}" | tail -n 1
find_python || exit 3
if [ "$id" = kick ] && ! "$readmostly" plan --json "${cell_args[@]}" |
	"$python" -c 'import json, sys; sys.exit(json.load(sys.stdin)["estimate_ns"] > float(sys.argv[1]) * 60e9 / 1.5)' "$minutes"
then
	say "would take more than $minutes minutes on this machine: nothing was measured" >&2
	exit 2
fi
measure "$readmostly" run "${cell_args[@]}" ${RUN_ARGS:-} -o "$work/results/$id-$(date +%s)"
say "expected for $id: $expected"
exit $ran
