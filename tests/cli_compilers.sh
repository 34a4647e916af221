#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Both compilers build everything without a warning, and keep the floor.
. tests/tap.sh
unset MAKEFLAGS MFLAGS MAKELEVEL SANITIZE
out=$(mktemp) && trap 'rm -f "$out"' EXIT

# CI's own build is one of the two, with -Werror already.
folder() { # COMPILER
	own=${BUILD:-build/gcc}
	grep -q "^$1 .*-Werror" "$own/flags" && echo "$own" || echo "build/werror-$1"
}

# The stats build by clang only: CI's own build has gcc's.
builds() { # COMPILER
	NO_STATS=$([ "$1" != gcc ] || echo 1) CI=1 make -j"$(nproc)" CC="$1" BUILD="$(folder "$1")" all >"$out" 2>&1 ||
		{ grep -E 'error|warning' "$out" | head -n 20 | sed 's/^/# /'; return 1; }
}

for cc in gcc clang; do
	check "$cc builds everything with -Werror" builds $cc
	check "$cc keeps the driver's floor" \
		sh -c "tests/floor.sh $(folder $cc)/readmostly check >'$out' ||
			{ sed 's/^/# /' '$out'; false; }"
done
done_testing
