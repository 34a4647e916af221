#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# regress_exact.sh BASE [HEAD [--json FILE] [ARGUMENTS of plan]] - `make
# regress-exact`: counts planned cells on the simulated machine, by base and by
# head (a commit, or '' for the work tree), then decides (report/exact.py).
# MAPS='IDS' narrows the plan, PLAN='FILES' is another one; CC and BUILD are
# make's. Arms of commits are kept in build/regress-exact/, by commit, compiler,
# flags and maps. Status: 0 equal or accepted; 1 red; 2 usage or input.
export LC_ALL=C
place=build/regress-exact build=${BUILD:-build/gcc} cc=${CC:-gcc}
say() { echo "regress-exact: $*" >&2; exit 2; }
base=$1 head=$2
[ -n "$base" ] || say "expected BASE=<git ref>"
shift $(($# < 2 ? $# : 2))
if [ "$1" = --json ]; then
	[ -n "$2" ] || say "expected --json FILE"
	json=(--json "$2")
	shift 2
fi
python=$(command -v "${PYTHON:-python3}") || say "no python3 here"
[ -f runner/regress_exact.sh ] || say "expected to be started in the folder of Readmostly"
git rev-parse -q --git-dir >/dev/null 2>&1 ||
	say "no git repository here, which base is taken from"

commit_of() { # NAME REF: its commit
	git rev-parse -q --verify "$2^{commit}" && return
	[ "$(git rev-parse --is-shallow-repository)" = true ] &&
		say "$1=$2: no such commit in this shallow clone: git fetch --unshallow (fetch-depth: 0)"
	say "$1=$2: no such commit"
}
base_commit=$(commit_of BASE "$base") || exit
head_commit=$(commit_of HEAD "${head:-HEAD}") || exit
[ -n "$head" ] || [ -z "$(git status --porcelain)" ] || changed=' and changes'

files=${PLAN:-$(echo workloads/regress-exact*.conf)}
# shellcheck disable=SC2086
maps=$(echo ${MAPS:-$(sed -n 's/^maps *= *//p' $files | tr ' ' '\n' | sort -u)} | tr , ' ')

# One at a time in a tree: two makes in one folder break each other.
mkdir -p "$place" && : >"$place/lock" || say "$place cannot be written"
exec 9>"$place/lock"
flock 9

quiet_make() { # LOG ARGUMENTS of make: silent where it builds
	local log=$1; shift
	make --no-print-directory -s -j"$(nproc)" CC="$cc" "$@" >"$log" 2>&1
}
broken() { # WHAT LOG ADVICE: its last lines, then one that says what to do
	tail -n 15 "$2" >&2
	say "$1 does not build with $cc ($2): $3"
}
# What plans is always of the work tree, as this script is; as head it counts, too.
quiet_make "$place/tree.log" BUILD="$build" OUT="$place/tree" MAPS_BUILT="$maps" \
	STATS_MAPS= SIM_MAPS="$maps" "$place/tree/readmostly" "$place/tree/readmostly-sim" ||
	broken "the work tree" "$place/tree.log" "mend it first"
key=$({ "$cc" --version; cat "$build/flags"; echo "$maps"; } | sha256sum | cut -c1-8)

# built COMMIT: makes $place/COMMIT-KEY, its readmostly-sim with those of the maps
# that it has; whole or not at all.
built() {
	local at=$place/${1:0:12}-$key new=$place/new id have=
	[ -x "$at" ] && return
	echo "building ${1:0:12}" >&2
	rm -rf "$new" && mkdir -p "$new/tree" &&
		git archive --format=tar "$1" >"$new/tar" && tar -x -C "$new/tree" -f "$new/tar" ||
		say "${1:0:12} cannot be unpacked into $new"
	for id in $maps; do
		ls "$new"/tree/impls/*/"$id".c >/dev/null 2>&1 && have="$have $id"
	done
	[ -n "$have" ] || say "${1:0:12} has none of the maps $maps"
	quiet_make "$place/commit.log" -C "$new/tree" BUILD="$PWD/$new/build" \
		MAPS_BUILT="$have" SIM_MAPS="$have" "$PWD/$new/build/readmostly-sim" ||
		broken "${1:0:12}" "$place/commit.log" "choose a commit that does"
	mv "$new/build/readmostly-sim" "$at" && rm -rf "$new"
}
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/base" "$dir/head"
# take ARM FILE: a copy, as the next run in this tree links others.
take() { cp "$2" "$dir/$1.sim" || say "$2 cannot be copied to $dir"; }
built "$base_commit"
take base "$place/${base_commit:0:12}-$key"
if [ -n "$head" ]; then
	built "$head_commit"
	take head "$place/${head_commit:0:12}-$key"
else
	take head "$place/tree/readmostly-sim"
fi

# What is asked: the same of both.
# shellcheck disable=SC2086
"$place/tree/readmostly" plan --json ${MAPS:+--maps "$MAPS"} "$@" $files \
	>"$dir/plan.json" || exit 2
exec 9>&-
"$python" -m report.exact requests "$dir" || exit 2
compiler() { "$dir/$1.sim" --version | sed -n 's/^compiler: //p'; }
[ "$(compiler base)" = "$(compiler head)" ] ||
	say "base was built with $(compiler base), head with $(compiler head): expected one"
git log -1 --format=%B "$head_commit" >"$dir/message"
# shellcheck disable=SC2086
cat >"$dir/about" <<ABOUT
base $base_commit
base_ref $base
head $head_commit
head_changed ${changed-}
compiler $(compiler head)
plan $(cat $files | sha256sum | cut -c1-12)
ABOUT

# Cells side by side: counts do not know of each other.
# shellcheck disable=SC2016
while read -r number; do
	echo "base $number"; echo "head $number"
done <"$dir/order" | xargs -P "$(nproc)" -L 1 sh -c '
	"$0/$1.sim" trial <"$0/requests/$2" >"$0/$1/$2" 2>"$0/$1/$2.err"
	echo $? >"$0/$1/$2.status"' "$dir"
"$python" -m report.exact decide "$dir" "${json[@]}"
status=$?
rm -f "$place/counts.txt"
[ ! -s "$dir/counts.txt" ] || {
	cp "$dir/counts.txt" "$place/" &&
		echo "to accept: lines of $place/counts.txt, each with its reason, into head's message"
}
exit $status
