#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# regress_exact.sh BASE [HEAD [--json FILE] [ARGUMENTS of plan]] - `make regress-exact`: counts planned cells on the
# simulated machine, for base and for head (a commit, or '' for the work tree), then decides (report/exact/). MAPS='IDS'
# narrows the plan, PLAN='FILES' replaces it; CC and BUILD are make's. IMPL=FILE counts a map of another project, whose
# commits are compared (runner/regress_refs.sh). Arms of commits are kept in build/regress-exact/, by commit, compiler,
# flags and maps. A map whose simulated programs are the same in both arms is equal without a trial. Status: 0 equal or
# accepted; 1 a cell fails; 2 usage or input.
case ${1:-} in -h | --help) sed -n '3,/^[^#]/s/^# //p' "$0"; exit ;; esac
. runner/base/environment.sh
export LC_ALL=C
place=build/regress-exact build=${BUILD:-build/gcc} cc=${CC:-gcc}
gate=regress-exact
[ -f runner/regress_exact.sh ] || {
	echo "$gate: start it in the folder of Readmostly" >&2
	exit 2
}
. runner/regress_refs.sh
. runner/regress_builds.sh
base=$1 head=$2
[ -n "$base" ] || fail "expected BASE=<git ref>"
shift $(($# < 2 ? $# : 2))
if [ "$1" = --json ]; then
	[ -n "$2" ] || fail "expected --json FILE"
	json=(--json "$2")
	shift 2
fi
python=$(command -v "${PYTHON:-python3}") || fail "no python3 here"
find_subject
case $impl in
*.cc) fail "IMPL=$IMPL: a map in C++ cannot be simulated; measure its time by make regress" ;;
*.so) fail "IMPL=$IMPL: a library cannot be simulated; measure its time by make regress" ;;
esac
base_commit=$(commit_of BASE "$base") || exit
head_commit=$(commit_of HEAD "${head:-HEAD}") || exit
[ -n "$head" ] || changed=$(changes_of "$repo") || exit

lock_builds
mkdir -p "$place" || cannot build "$place cannot be written"
dir=$(mktemp -d 2>/dev/null) || no_room "${TMPDIR:-/tmp}"
trap 'rm -rf "$dir"' EXIT
room_in build "$dir"
if [ -n "$id" ]; then
	files=${PLAN:-workloads/regress-exact.conf} maps=$id
	set -- --set "maps=$id" "$@"
else
	files=${PLAN:-$(echo workloads/regress-exact*.conf)}
	[ -z "${MAPS-}" ] || set -- --maps "$(tr ' ' , <<<"$MAPS")" "$@"
	make_readmostly
	# shellcheck disable=SC2086
	maps=$(maps_of "$@" $files) || exit
fi

# The program of the work tree plans, since this script belongs to the same tree. If head is '', it is also counted.
build_tree() {
	# shellcheck disable=SC2086 # words
	quiet_make "the work tree" "$place/tree.log" "fix it first" BUILD="$build" \
		OUT="$place/tree" NEEDED="$(printf 'plain/%s ' $maps)$(printf 'sim/%s ' $maps)" programs
	key=$(echo "$(compiled_by) $maps" | sha256sum | cut -c1-8)
}
# build_arm COMMIT: builds the programs of its maps in $place/COMMIT-KEY, completely or not at all.
build_arm() {
	local at=$place/${1:0:12}-$key new=$place/new found
	[ ! -d "$at" ] || return 0
	echo "building ${1:0:12}" >&2
	rm -rf "$new" && mkdir -p "$new" || cannot build "$new cannot be written"
	unpack "$1" "$new/tree"
	# shellcheck disable=SC2046,SC2086 # words
	found=$(maps_in "$new/tree" "$1" $maps) || exit
	# shellcheck disable=SC2046,SC2086 # words
	quiet_make "${1:0:12}" "$place/commit.log" "choose a commit that does" \
		-C "$new/tree" BUILD="$PWD/$new/build" \
		$(printf "$PWD/$new/build/maps/plain/%s " $found; printf "$PWD/$new/build/maps/sim/%s " $found)
	mv "$new/build/maps" "$at" && rm -rf "$new"
}
# build_theirs ARM [COMMIT]: builds $place/their-ARM/, our programs with the user's map; only the map is compiled.
build_theirs() {
	local tree=$place/theirs/$1 out=$place/their-$1 log=$place/their-$1.log
	echo "building $1, $impl of ${2:-the work tree}" >&2
	take_theirs "$tree" "${2-}"
	[ -f "$tree/$impl" ] || fail "$1 has no $impl: there is nothing to compare with"
	rm -rf "$build/sim/$tree" "${build:?}/$tree"
	quiet_make "$1, $impl of ${2:-the work tree}," "$log" "fix it or choose another commit" \
		BUILD="$build" OUT="$out" IMPL="$tree/$impl" \
		IMPL_FLAGS="$(flags_of "$PWD/$tree")" NEEDED="plain/$id sim/$id" programs
	no=$(cat "$out/maps/sim/$id.no" 2>/dev/null)
	[ -z "$no" ] || fail "$1, $impl of ${2:-the work tree}: the map $no and cannot be simulated;" \
		"measure its time by make regress"
}
mkdir "$dir/base" "$dir/head"
# copy_arm ARM FOLDER: copies the programs, since the next run in this tree replaces them.
copy_arm() {
	cp -r "$2" "$dir/$1/maps" 2>/dev/null || cannot "$dir" "$2 cannot be copied to $dir"
}
if [ -n "$id" ]; then
	planner=$place/their-head/readmostly
	build_theirs base "$base_commit"
	build_theirs head "${head:+$head_commit}"
	for arm in base head; do
		copy_arm "$arm" "$place/their-$arm/maps"
	done
else
	planner=$place/tree/readmostly
	build_tree
	build_arm "$base_commit"
	copy_arm base "$place/${base_commit:0:12}-$key"
	if [ -n "$head" ]; then
		build_arm "$head_commit"
		copy_arm head "$place/${head_commit:0:12}-$key"
	else
		copy_arm head "$place/tree/maps"
	fi
fi

# shellcheck disable=SC2086 # words
same_protocol "$dir/base/maps" "$dir/head/maps" "$base_commit" $maps
# shellcheck disable=SC2086 # words
same_maps "$dir/base/maps" "$dir/head/maps" sim $maps >"$dir/same"
room_in "$dir"

# Both arms get the same requests.
# shellcheck disable=SC2086
"$planner" plan --json "$@" $files >"$dir/plan.json" || exit 2
exec 9>&-
"$python" -m report.exact requests "$dir" || exit 2
# Each commit since base may accept its changes; if there are none, the message of head decides.
git -C "$repo" log --reverse --topo-order --format=%B "$base_commit..$head_commit" >"$dir/message"
[ -s "$dir/message" ] || git -C "$repo" log -1 --format=%B "$head_commit" >"$dir/message"
# shellcheck disable=SC2086
cat >"$dir/about" <<ABOUT
base $base_commit
base_ref $base
head $head_commit
head_ref $head
head_changed ${changed-}
compiler $("$planner" --version | sed -n 's/^compiler: //p')
plan $(cat $files | sha256sum | cut -c1-12)
${id:+map $impl
readmostly $(readmostly_commit)}
ABOUT

# Runs cells in parallel, since counts do not depend on each other.
# shellcheck disable=SC2016
while read -r number map; do
	echo "base $number $map"; echo "head $number $map"
done <"$dir/order" | xargs -r -P "$(nproc)" -L 1 sh -c '
	program=$0/$1/maps/sim/$3
	if [ -s "$program" ]; then
		"$program" trial <"$0/requests/$2" >"$0/$1/$2" 2>"$0/$1/$2.err"
	else
		echo "$3: $(cat "$program.no" 2>/dev/null || echo "no such map")" >"$0/$1/$2.err"
		(exit 2)
	fi
	echo $? >"$0/$1/$2.status"' "$dir"
"$python" -m report.exact decide "$dir" "${json[@]}"
status=$?
rm -f "$place/counts.txt"
[ ! -s "$dir/counts.txt" ] || {
	cp "$dir/counts.txt" "$place/" &&
		echo "to accept: copy lines of $place/counts.txt, each with its reason, into head's commit message"
}
[ "${WHY:-}" = no ] || [ $status != 1 ] ||
	REPO=$repo runner/why.sh exact "$dir" "$place/why" "$dir/base/maps" "$dir/head/maps"
exit $status
