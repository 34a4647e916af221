#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# check_maps.sh READMOSTLY [OPS|SECONDSs] - runs all checks on all maps of that build,
# with one process per map. It runs one process more at a time than there are CPUs, because
# some only wait. OPS: operations of each check. "1s": a time budget per map and shape,
# which one round of each check may exceed. Prints failures and totals; status 1 if a check
# failed. From the environment:
# MAPS     ids, instead of all of the build except injected misuses
# CHECKS   names, instead of all checks; or `not` and names: all but these
# SHAPES   e.g. "u64x8 str16x24", instead of all that a map supports
# ONE      if not empty, only the first of SHAPES that a map supports
# SEED     of operations, keys and hashes (1)
readmostly=$1
case ${2:-200000} in
*s) amount="--budget ${2%s}" each="a budget of $2 a shape" ;;
*) amount="--ops ${2:-200000}" each="${2:-200000} operations each" ;;
esac
export readmostly amount CHECKS SHAPES ONE SEED=${SEED:-1}
dir=$(mktemp -d) start=$SECONDS
export dir
trap 'rm -rf "$dir"' EXIT
maps=${MAPS:-$("$readmostly" dev list --ids)}
total=$(echo "$maps" | wc -w)
[ "$total" -gt 0 ] || { echo "check_maps.sh: $readmostly lists no map" >&2; exit 2; }

[ -z "$ONE" ] || "$readmostly" dev list >"$dir/list"
case $CHECKS in
not\ *)
	CHECKS=$("$readmostly" check --help | sed -n '/^Checks, in/,$s/^  \([a-z]*\)  *.*/\1/p' |
		grep -vxF "$(printf '%s\n' ${CHECKS#not })") ;;
esac

shapes_of() { # ID
	[ -n "$ONE" ] || { echo "${SHAPES:-all}"; return; }
	local offered
	offered=$(awk -v id="$1" '/^[^ ]/ { at = $1 }
		at == id && $1 == "shapes" { print }' "$dir/list")
	for shape in $SHAPES; do
		[[ $offered == *" $shape"* ]] && { echo "$shape"; return; }
	done
	echo all
}

check_map() { # ID
	: >"$dir/$1.log"
	local shapes
	shapes=$(shapes_of "$1")
	for check in ${CHECKS:-all}; do
		for shape in $shapes; do
			# A fair lock that spins is slow on a busy machine, so the deadline is long.
			set -- "$1" --quiet --deadline 600 $amount --seed "$SEED"
			[ "$check" = all ] || set -- "$@" --only "$check"
			[ "$shape" = all ] || set -- "$@" --shape "$shape"
			"$readmostly" check "$@" >>"$dir/$1.log" 2>&1
			status=$?
			# Status 3: no check applies to the map.
			[ $status -le 1 ] || { [ $status = 3 ] && tail -n 3 "$dir/$1.log" | grep -q 'nothing was checked'; } || echo "FAIL $1: status $status of" \
				"readmostly check" >>"$dir/$1.log"
		done
	done
	: >"$dir/$1.done"
}
export -f check_map shapes_of

# Prints the progress: a changing line on a terminal, otherwise a line each minute.
progress() {
	while sleep 1; do
		n=$(find "$dir" -name '*.done' | wc -l)
		text="check: $n of $total maps, $(cat "$dir"/*.log 2>/dev/null |
			grep -c '^FAIL') failed checks, $((SECONDS - start)) s"
		if [ -t 2 ]; then
			printf '\r%s ' "$text" >&2
		elif [ $(((SECONDS - start) % 60)) = 59 ]; then
			echo "$text" >&2
		fi
	done
}
progress &
watcher=$!
# shellcheck disable=SC2086
printf '%s\n' $maps | xargs -P $(($(nproc) + 1)) -I{} bash -c 'check_map {}'
kill $watcher 2>/dev/null
wait $watcher 2>/dev/null
[ -t 2 ] && printf '\r' >&2

# If a shell is killed, it checks no further map and prints nothing.
for map in $maps; do
	[ -e "$dir/$map.done" ] ||
		echo "FAIL $map: its checks did not end" >>"$dir/$map.log"
done

# The failures come after the sanitizer's output.
cat "$dir"/*.log | grep -v '^check: '
count() { awk -v word="$1" '/^check: /{ for (i = 2; i <= NF; i++)
	if ($i ~ "^" word) n += $(i - 1) } END { print n + 0 }' "$dir"/*.log; }
lost=$(cat "$dir"/*.log | grep -cE '^FAIL [^ ]*: (status |its checks )')
failed=$(($(count failed) + lost))
echo "check: $(count ok) ok, $failed failed, $(count skipped) skipped" \
	"($total maps, $each, $((SECONDS - start)) s)"
[ "$failed" = 0 ]
