#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests `make regress` for code that is not in C: a shared library with runner/readmostly.h, and a
# map in C++. The library is built in the tree of each arm and called in the loop, which the report
# mentions. Broken code is rejected before it is timed. Timed code must get a verdict, but any
# verdict passes.
# slow: a minute of CPU time; not part of `make check`.
. tests/tools/tap.sh
. tests/tools/clone_tree.sh
build=${BUILD:-build/gcc}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL MAPS HEAD BASE IMPL IMPL_FLAGS PLAN NOTES GITHUB_ACTIONS WORKLOAD
report/find_python.sh >/dev/null || exit 3
tree=$dir/tree theirs=$dir/theirs cxx=${CXX:-g++}
clone_tree "$tree"
mkdir -p "$theirs/runner"
cp runner/readmostly.h "$theirs/runner"
cp examples/cpp/unordered_map.cc "$theirs/their_lib.cc"
sed 's/std_mutex/their_cxx/g' impls/lib/std_mutex.cc >"$theirs/their_cxx.cc"
echo '*.so' >"$theirs/.gitignore"
in_theirs() { (cd "$theirs" && "$@"); }
in_theirs git init -q -b main
in_theirs commit_all first
in_theirs git tag good
make_it="$cxx -std=c++17 -O2 -Irunner -shared -fPIC -pthread -o their_lib.so their_lib.cc"
in_theirs $make_it || exit 1

arms() { # NAME FILE BASE: sets status
	(cd "$tree" && IMPL=$theirs/$2 IMPL_MAKE=$made CHECK='--ops 2000 --deadline 1' \
		CC=$(cut -d' ' -f1 "$build/flags") BUILD=$build runner/regress_arms.sh "$3") \
		>"$dir/$1" 2>"$dir/$1.err"
	status=$?
	sed 's/^/# /' "$dir/$1" "$dir/$1.err" | cut -c1-300
}
edit() { # FILE SED: edits the file of the commit `good`
	in_theirs git checkout -q good -- "$1"
	sed -i "$2" "$theirs/$1"
	! in_theirs git diff --quiet good
}
stopped() { # NAME MAP WORDS
	[ $status = 1 ] && grep -qE "$3" "$dir/$1" && tail -n 1 "$dir/$1" |
		grep -q "^verdict: FAIL (.*$2 of head fails its checks; nothing was timed)$"
}
refused() { # NAME WORDS
	[ $status = 2 ] && tail -n 1 "$dir/$1.err" | grep -qE "^regress(-exact)?: $2"
}

# A library.
made=$make_it
edit their_lib.cc 's/^		return at == entries.end() .*/		if (key % 8 == 5)\n			return {};\n&/'
arms wrong their_lib.so good
check "a library of head that answers wrongly is FAIL before any timing" \
	stopped wrong their_lib.so '^FAIL .*their_lib.so u64x8 model: '
in_theirs git checkout -q good -- their_lib.cc
edit runner/readmostly.h 's/define RM_FOREIGN_VERSION 1u/define RM_FOREIGN_VERSION 9u/'
arms other their_lib.so good
check "a library of another version is reported" \
	refused other 'head: .*their_lib.so: rm_foreign_map.version is 9, expected 1'
in_theirs git checkout -q good -- runner
edit their_lib.cc 's/^#include <mutex>/#error planted\n&/'
arms breaks their_lib.so good
check "a library that does not build is reported with the command" \
	refused breaks "head, the work tree: IMPL_MAKE=.* fails \(.*/log\): fix it"
in_theirs git checkout -q good -- their_lib.cc
made=
arms unmade their_lib.so good
check "a library without IMPL_MAKE is reported" refused unmade 'base has no their_lib.so'
made=$make_it
(cd "$tree" && IMPL=$theirs/their_lib.so BUILD=$build runner/regress_exact.sh good) 2>"$dir/exact.err"
status=$?
check "the exact gate rejects a library" refused exact '.*a library cannot be simulated'

timed() {
	BUSY=ok CELLS='their_lib 1Ki u*' make -s -C "$tree" regress CC="$(cut -d' ' -f1 "$build/flags")" \
		BUILD="$build" IMPL="$theirs/their_lib.so" IMPL_MAKE="$make_it" BASE=good \
		ARGS='--set blocks=20 --set warm-up=1ms -o results/their' >"$dir/timed" 2>"$dir/timed.err"
	sed 's/^/# /' "$dir/timed" "$dir/timed.err" | cut -c1-200
	grep -qE '^verdict: (PASS|FAIL|INVALID|INCONCLUSIVE)' "$dir/timed"
}
check "a correct library is timed and has a verdict" timed
for file in verdicts.json gate.md index.html; do
	check "$file mentions the calls in the loop" contains "$tree/results/their/report/$file" \
		"map their_lib.so (each operation is a call through runner/readmostly.h) of $(in_theirs git rev-parse HEAD)"
done
check "both arms ran and were verified" eval \
	'[ "$(grep -c "their_lib.*\"arm\":\"\(base\|head\)\".*\"status\":\"ok\"" "$tree/results/their/trials.jsonl")" -ge 40 ]'

# A map in C++.
made=
arms cxx their_cxx.cc good
check "the arms of a map in C++ are built" \
	eval '[ $status = 0 ] && [ -x "$tree/build/regress-their-head/maps/plain/their_cxx" ]'
edit their_cxx.cc 's/^	bool try_lock_shared()/	int planted = 0;\n&/; s/^		lock();/&\n		if (++planted % 1000 == 999)\n			__builtin_trap();/'
arms crash their_cxx.cc good
check "a map that crashes is FAIL before any timing" stopped crash their_cxx '^FAIL .*signal'
done_testing
