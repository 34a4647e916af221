#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests the exact gate with real builds and simulated trials, in its own repository. Equal programs
# have equal counts in every folder. Each injected change fails because of the count that it
# changes. Each base and each edit is built, because counts depend on the machine code.
# slow: minutes of CPU time; not part of `make check`.
. tests/tools/tap.sh
. tests/tools/clone_tree.sh
build=${BUILD:-build/gcc}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
tree=$dir/tree
unset MAKEFLAGS MFLAGS MAKELEVEL MAPS HEAD BASE

clone_tree "$tree"
in_tree() { (cd "$tree" && "$@"); }
commit() { in_tree commit_all "$1"; } # MESSAGE
cat >"$tree/workloads/few.conf" <<CONF
# Two maps, on one core and on four cores that share cache lines.
include    = regress-exact.conf
write-kind = update
keys       = 1Ki
threads    = 1 4
maps       = gomap_rw shard_rw_32
CONF
commit 'few cells'
gate() { # NAME BASE [HEAD [ARGUMENTS]]: sets status; writes $dir/NAME, NAME.err
	name=$1; shift
	(cd "$tree" && PLAN=workloads/few.conf CC=$(cut -d' ' -f1 "$build/flags") \
		BUILD=$build runner/regress_exact.sh "$@") \
		>"$dir/$name" 2>"$dir/$name.err"
	status=$?
	sed 's/^/# /' "$dir/$name" "$dir/$name.err"
}
print_differences() { # NAME CELL: prints the differing figures of the cell in NAME.json
	/usr/bin/python3 - "$dir/$1.json" "$2" <<'END'
import json, sys
cells = {c["cell"]: c for c in json.load(open(sys.argv[1]))["cells"]}
cell = cells[sys.argv[2]]
print((cell["head"] or {}).get("writes"), *(f"{n}={b}:{h}" for n, (b, h) in
                                sorted(cell["differ"].items())))
END
}

gate same HEAD
check "equal trees are equal" [ $status = 0 ]
check "all cells were compared" contains "$dir/same" "equal: 4 cells: 4 same program; base "
gate commits HEAD HEAD --set threads=1
check "two commits and fewer cells can be selected" \
	contains "$dir/commits" "equal: 2 cells: 2 same program; base "
mv "$tree" "$dir/another-place-with-a-long-name"
tree=$dir/another-place-with-a-long-name
gate_elsewhere() { # properties outside of the tree change nothing
	LC_ALL=$(locale -a | tail -n 1) TZ=Asia/Tokyo \
		FILLS=$(head -c 100000 /dev/zero | tr '\0' x) gate elsewhere HEAD
}
gate_elsewhere
check "in another folder, locale and a large environment the bytes are equal" \
	cmp "$dir/same" "$dir/elsewhere"

# Changes that only affect the layout. tests/long/gate.sh uses the same patches.
apply_patch() { in_tree git apply --index "$PWD/tests/fixtures/gate/$1.patch"; }
apply_patch padding
apply_patch renamed
gate layout HEAD
check "a function in front of hot code and a renamed file pass" [ $status = 0 ]
check "the output mentions uncommitted changes" contains "$dir/layout" " and changes; "
in_tree git reset -q --hard

# The padding of a struct is removed.
sed -i 's/SHARD_ALIGN = 128/SHARD_ALIGN = 8/' "$tree/impls/shard/shard_rw_32.c"
gate padding HEAD '' --json "$dir/padding.json"
check "removed padding fails" [ $status = 1 ]
check "the reason is false sharing between cores" \
	grep -q 'false_sharing_invalidations=' <(print_differences padding shard_rw_32/n1024/update/t4)
check "the other map does not fail" \
	[ "$(print_differences padding gomap_rw/n1024/update/t4 | wc -w)" = 1 ]
in_tree git reset -q --hard

# print_increase FIGURE WRITES FIGURE=BASE:HEAD...: prints the increase from base to head.
print_increase() {
	local wanted=$1 figure
	shift
	for figure; do
		[[ $figure != "$wanted"=* ]] || { figure=${figure#*=}; echo $((${figure#*:} - ${figure%:*})); }
	done
}
# Each lookup touches one more line, so each lookup among the 8,000 operations has one more access.
apply_patch line
gate line HEAD '' --json "$dir/line.json" --set threads=1
check "one more line in each lookup fails" [ $status = 1 ]
found=$(print_differences line gomap_rw/n1024/update/t1)
echo "# $found"
# shellcheck disable=SC2086
check "the reason is one more access in each lookup" \
	[ "$(print_increase accesses $found)" = $((8000 - ${found%% *})) ]
in_tree git reset -q --hard
# Every 50th lookup runs twice, with two more read-modify-writes of the lock.
apply_patch look-ups
gate twice HEAD '' --json "$dir/twice.json" --set threads=1
check "2 % more lookups fail" [ $status = 1 ]
found=$(print_differences twice gomap_rw/n1024/update/t1)
echo "# $found"
# shellcheck disable=SC2086
check "the reason is 2 % more read-modify-writes of the lock" \
	eval '[ $(($(print_increase rmws $found) * 50)) -gt 14000 ] &&
	[ $(($(print_increase rmws $found) * 50)) -lt 17000 ]'
in_tree git reset -q --hard

# Each write takes one more lock, with four more read-modify-writes: locking and unlocking the
# writers' mutex and the readers' count.
apply_patch lock
gate lock HEAD '' --json "$dir/lock.json"
check "one more lock for each write fails" [ $status = 1 ]
found=$(print_differences lock gomap_rw/n1024/update/t1)
echo "# $found"
# shellcheck disable=SC2086
check "the reason is four more read-modify-writes in each write" \
	[ "$(print_increase rmws $found)" = $((4 * ${found%% *})) ]
check "the lines that accept the change are written" [ -s "$tree/build/regress-exact/counts.txt" ]
sed 's/$/more order/' "$tree/build/regress-exact/counts.txt" >"$dir/lines"
commit "Lock twice

$(cat "$dir/lines")"
gate accepted HEAD~1
check "with these lines in the commit message the change passes" [ $status = 0 ]
check "the reason in these lines is printed" contains "$dir/accepted" "; more order"
sed -i '1s/ -> \([0-9]\)/ -> 1\1/' "$dir/lines"
in_tree git -c user.name=n -c user.email=n@n commit -q --amend -m "$(cat "$dir/lines")"
gate wrong HEAD~1
check "a line with another figure does not pass" [ $status = 1 ]
check "the line with another figure is reported" \
	contains "$dir/wrong" "the commit messages accept other figures"

# Errors of the user.
gate missing no-such-ref
check "a missing ref is status 2" [ $status = 2 ]
check "the missing ref is reported in one line" eval '[ "$(grep -c . "$dir/missing.err")" = 1 ] &&
	contains "$dir/missing.err" "regress-exact: BASE=no-such-ref: no such commit: expected a branch"'
make -s regress-exact BASE=no-such-ref >"$dir/out" 2>"$dir/make.err"
check "make prints the same line" contains "$dir/make.err" "$(cat "$dir/missing.err")"
gate without ''
check "a missing ref is status 2" [ $status = 2 ]
echo '#error planted' >>"$tree/runner/base/error.h"
commit 'Break the build'
in_tree git -c user.name=n -c user.email=n@n revert --no-edit HEAD >/dev/null
gate broken HEAD~1
check "a base that does not build is status 2" [ $status = 2 ]
check "the error has the remedy for a base that does not build" \
	contains "$dir/broken.err" "choose a commit that does"
first=$(in_tree git rev-parse HEAD~2)
git clone -q --depth 1 "file://$tree" "$dir/clone"
tree=$dir/clone
gate shallow "$first"
check "a commit beyond a shallow clone is status 2" [ $status = 2 ]
check "the error has the command that fetches the commit" \
	contains "$dir/shallow.err" "git fetch --unshallow"
done_testing
