#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Lists the functions of a failing cell whose instruction counts differ in head: no function for
# equal programs, and the edited function for an edited map. If the tool is missing, one line
# reports it.
# slow: builds programs; not part of `make check`.
. tests/tools/tap.sh
build=${BUILD:-build/gcc}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
command -v valgrind >/dev/null || exit 3

# A folder as the exact gate writes it. It has one cell of a map, which fails because the test edits
# the answer of head.
mkdir -p "$dir/gate/base" "$dir/gate/head"
make -s BUILD="$build" OUT="$dir/out" NEEDED='plain/gomap_rw sim/gomap_rw' programs >/dev/null
"$dir/out/readmostly" plan --json --maps gomap_rw --set keys=1Ki \
	--set write-kind=update --set threads=1 workloads/regress-exact.conf \
	>"$dir/gate/plan.json"
/usr/bin/python3 -m report.exact requests "$dir/gate"
for arm in base head; do
	"$dir/out/maps/sim/gomap_rw" trial <"$dir/gate/requests/000" >"$dir/gate/$arm/000"
	echo $? >"$dir/gate/$arm/000.status"
	: >"$dir/gate/$arm/000.err"
done
sed -i 's/\("metric":"rmws",[^}]*"total":\)[0-9]*/\17/' "$dir/gate/head/000"
printf 'base %s\nbase_ref v1\nhead bbbb\nhead_ref \nhead_changed \ncompiler gcc\n' \
	"$(git rev-parse HEAD)" >"$dir/gate/about"
echo "Change it" >"$dir/gate/message"
why() { # NAME HEAD [PATH]: prints the functions; PATH replaces the search path of programs
	PATH=${3:-$PATH} PYTHON=/usr/bin/python3 runner/why.sh exact "$dir/gate" \
		"$dir/$1.d" "$dir/out/maps" "$2" >"$dir/$1" 2>&1
	status=$?
	sed 's/^/# /' "$dir/$1"
}
why same "$dir/out/maps"
check "listing the functions is status 0" [ $status = 0 ]
check "equal programs run equal instructions" grep -q 'instructions: equal, [0-9]* in the map' "$dir/same"
check "the command that reproduces the cell is printed" contains "$dir/same" \
	"MAPS=gomap_rw ARGS='--set keys=1024 --set write-kind=update --set threads=1'"

# The same map, built in another folder. Each 50th lookup is done twice.
mkdir "$dir/tree"
git ls-files -z | tar -c --null -T - | tar -xC "$dir/tree"
patch=$PWD/tests/fixtures/gate/look-ups.patch
(cd "$dir/tree" && git apply "$patch") && make -s -C "$dir/tree" BUILD="$dir/build" \
	OUT="$dir/other" NEEDED=plain/gomap_rw programs >/dev/null
why edited "$dir/other/maps"
check "an edited map runs other instructions" grep -qE 'instructions: [0-9]+ -> [0-9]+ \(x 1\.' "$dir/edited"
check "the differences are in functions of the map's files, wherever they were built" \
	grep -qE ' [0-9]+ -> [0-9]+ in impls/' "$dir/edited"

# The PATH contains all other programs, but not valgrind.
mkdir "$dir/bin"
for tool in bash sh cat mkdir rm nproc xargs tail echo git grep awk; do
	ln -s "$(command -v $tool)" "$dir/bin/$tool"
done
why bare "$dir/out/maps" "$dir/bin"
check "one line reports that valgrind is missing" eval '[ $status = 0 ] &&
	[ "$(grep -c "valgrind is not installed" "$dir/bare")" = 1 ]'
done_testing
