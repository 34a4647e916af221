#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# valgrind finds no invalid access, no use of uninitialised memory and no leak in one map of each
# core family. Runs few operations, because valgrind is 30 times slower. AddressSanitizer runs all
# checks (tests/cli/sanitizers.sh).
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
needs check/gomap_rw check/syncmap check/syncmap_hp check/shard_rw_32 check/shard_seg check/snapshot \
	check/hashtriemap check/urcu_lfht check/ck_ht check/rwlock_probe
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export build dir

families='gomap_rw syncmap syncmap_hp shard_rw_32 shard_seg snapshot hashtriemap
	urcu_lfht ck_ht rwlock_probe'

# The thread that frees memory for liburcu never ends. Its memory is "possibly lost", which is not
# an error.
run_valgrind() { # ID CHECK
	valgrind -q --error-exitcode=9 --fair-sched=try --leak-check=full \
		--errors-for-leak-kinds=definite,indirect --show-leak-kinds=definite,indirect \
		"$build/maps/check/$1" "$1" --in-process --quiet --only "$2" --ops 100 \
		--threads 2 --shape "$3" >"$dir/$1.$2" 2>&1
	echo "$?" >"$dir/$1.$2.status"
}
export -f run_valgrind
# Status 3: a check was skipped because it does not apply, such as scan of a map without this
# operation.
clean() { # ID
	local met=0
	for check in exchange growth atomic scan; do
		case $(cat "$dir/$1.$check.status") in
		0) met=$((met + 1)) ;;
		3) ;;
		*) sed 's/^/# /' "$dir/$1.$check" | tail -n 30; return 1 ;;
		esac
	done
	[ $met -ge 3 ] || { echo "# only $met of 4 checks apply"; return 1; }
}

if ! command -v valgrind >/dev/null || ldd "$readmostly" | grep -q 'lib[at]san'; then
	echo '1..0 # SKIP no valgrind, or a build with a sanitizer'
	exit
fi
"$readmostly" dev list --ids >"$dir/list"
present=$(for id in $families; do grep -x "$id" "$dir/list"; done)
for id in $present; do
	for check in exchange growth atomic scan; do
		echo "$id $check str16x24"
	done
done | xargs -P "$(nproc)" -L 1 bash -c 'run_valgrind "$@"' _
for id in $families; do
	if grep -qx "$id" "$dir/list"; then
		check "$id: valgrind finds nothing" clean "$id"
	else
		skip "$id: valgrind finds nothing" 'not in this build'
	fi
done

# Checks that valgrind works: it must report a read of freed memory.
printf '#include <stdlib.h>\nint main(void)\n{\n\tvolatile char *p = malloc(8);\n\tfree((void *)p);\n\treturn p[0] & 1;\n}\n' >"$dir/bad.c"
${CC:-gcc} -w -o "$dir/bad" "$dir/bad.c"
valgrind -q --error-exitcode=9 "$dir/bad" >"$dir/out" 2>&1
check 'valgrind reports a read of freed memory' [ $? = 9 ]
done_testing
