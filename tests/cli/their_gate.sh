#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests the exact gate for a map of another project, in its own repository. An unchanged map is
# reported as equal, a slower map fails because of its count, and an incorrect map is rejected
# before anything is counted. Each commit is built with its own headers. No test depends on a clock.
# slow: a minute of CPU time; not part of `make check`.
. tests/tools/tap.sh
. tests/tools/clone_tree.sh
build=${BUILD:-build/gcc}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL MAPS HEAD BASE IMPL IMPL_FLAGS PLAN
tree=$dir/tree
clone_tree "$tree"

# The other project has a map, a header next to it, and a header in a folder that the flags name.
theirs=$dir/theirs
mkdir -p "$theirs/src" "$theirs/include"
sed 's/rwlock_probe/their_map/g; s|^#include "runner/map.h"|&\n#include "again.h"\n#include <their.h>|
	s|^	lock_to_read(&map->lock);|	for (int i = 0; i < AGAIN; i++) {\n		lock_to_read(\&map->lock);\n		pthread_rwlock_unlock(\&map->lock);\n	}\n&|' \
	impls/bound/rwlock_probe.c >"$theirs/src/their_map.c"
echo '#define AGAIN 0' >"$theirs/src/again.h"
echo '/* nothing */' >"$theirs/include/their.h"
in_theirs() { (cd "$theirs" && "$@"); }
commit() { in_theirs commit_all "$1"; } # MESSAGE
in_theirs git init -q -b main
commit first
in_theirs git tag good

gate() { # NAME BASE [HEAD]: sets status; writes $dir/NAME, NAME.err
	(cd "$tree" && IMPL=$theirs/src/their_map.c IMPL_FLAGS="-I$theirs/include" \
		CC=$(cut -d' ' -f1 "$build/flags") BUILD=$build \
		runner/regress_exact.sh "$2" "${3-}" --set keys=1Ki --set threads=1 \
		--set write-kind=update) >"$dir/$1" 2>"$dir/$1.err"
	status=$?
	sed 's/^/# /' "$dir/$1" "$dir/$1.err"
}
gate good good
check "a map of another project is equal to itself" [ $status = 0 ]
check "one cell is compared" contains "$dir/good" "equal: 1 cells: 1 same program; base "
check "the output names the map and the commit of Readmostly" \
	contains "$dir/good" "; src/their_map.c, Readmostly $(git -C "$tree" rev-parse HEAD)"
check "nothing is written to the other repository" \
	[ -z "$(in_theirs git status --porcelain)" ]

# A header next to the map makes it slower. The change is first uncommitted, then committed.
echo '#define AGAIN 1' >"$theirs/src/again.h"
gate changed good
check "one more lock for each lookup, in a header, fails" [ $status = 1 ]
check "the output mentions uncommitted changes" contains "$dir/changed" " and changes; "
check "the command that reproduces the failure names the map" \
	contains "$dir/changed" "again: make -C $tree regress-exact BASE=$(in_theirs git rev-parse --short=12 good) IMPL=$theirs/src/their_map.c IMPL_FLAGS=-I$theirs/include ARGS="
print_rmws() { # prints the read-modify-writes of base and head
	sed -n 's/.*t1: .*rmws \([0-9]*\) -> \([0-9]*\) .*/\1 \2/p' "$dir/changed"
}
check "nearly twice as many read-modify-writes" \
	eval 'set -- $(print_rmws); [ "$2" -gt $(($1 * 19 / 10)) ] && [ "$2" -lt $(($1 * 2)) ]'
commit "Lock twice"
in_theirs git -c user.name=n -c user.email=n@n commit -q --amend -m "Lock twice

$(sed 's/$/it must/' "$tree/build/regress-exact/counts.txt")"
in_theirs git -c user.name=n -c user.email=n@n commit -q --allow-empty -m later
gate accepted good
check "a message of any commit since base accepts it" [ $status = 0 ]
check "the reason in the message is printed" contains "$dir/accepted" "; it must"

# All lookups miss.
in_theirs git checkout -q -b wrong good
sed -i 's/const bool was_there = slot\[PROBE_TAG\] != 0;/const bool was_there = false;/' \
	"$theirs/src/their_map.c"
commit "Find nothing"
gate wrong good
check "a map that answers wrongly fails" [ $status = 1 ]
check "the wrong answer is reported instead of a difference of counts" \
	grep -q '^red  *their_map/n1024/update/t1: head failed: ' "$dir/wrong"

# Errors of the user: status 2 and one line.
refused() { # NAME REGEX: the error is one line that matches
	[ $status = 2 ] && [ "$(grep -c '^regress-exact: ' "$dir/$1.err")" = 1 ] &&
		grep -qE "^regress-exact: .*$2" "$dir/$1.err"
}
in_theirs git checkout -q main
gate missing no-such-ref
check "a missing ref is reported with the repository" \
	refused missing "BASE=no-such-ref: no such commit in .*/theirs"
in_theirs git checkout -q --orphan before
in_theirs git rm -qf src/their_map.c
commit "Before the map"
in_theirs git checkout -qf main
gate new before
check "a base without the map is reported" refused new "base has no src/their_map.c"
echo '#error planted' >"$theirs/src/again.h"
commit "Break the build"
gate breaks good
check "a head that does not build is reported" refused breaks "head, src/their_map.c.* does not build"
in_theirs git -c user.name=n -c user.email=n@n revert --no-edit HEAD >/dev/null
gate broken HEAD~1
check "a base that does not build is reported" refused broken "base, src/their_map.c.* does not build"
whole=$theirs
git clone -q --depth 1 "file://$theirs" "$dir/clone"
theirs=$dir/clone
gate shallow "$(git -C "$whole" rev-parse good)"
check "a shallow clone is reported with the remedy" \
	refused shallow "shallow clone: git fetch --unshallow \(fetch-depth: 0\)"
mkdir -p "$dir/folder/src" && cp "$whole/src/their_map.c" "$dir/folder/src"
theirs=$dir/folder
gate bare good
check "a map outside of any repository is reported" refused bare "is not in a git repository"
theirs=$whole
in_theirs git mv src/their_map.c src/gomap_rw.c
(cd "$tree" && IMPL=$theirs/src/gomap_rw.c BUILD=$build runner/regress_exact.sh good) \
	2>"$dir/name.err"
status=$?
check "a name that Readmostly already has is reported" refused name "has a map called gomap_rw"
done_testing
