#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Both compilers build everything without a warning, and keep the floor.
. tests/tap.sh
unset MAKEFLAGS MFLAGS MAKELEVEL SANITIZE
out=$(mktemp) && trap 'rm -f "$out"' EXIT

# The stats build by clang only: CI's own build is gcc's, with -Werror.
builds() { # COMPILER
	NO_STATS=$([ "$1" != gcc ] || echo 1) CI=1 make -j"$(nproc)" CC="$1" BUILD="build/werror-$1" all >"$out" 2>&1 ||
		{ grep -E 'error|warning' "$out" | head -n 20 | sed 's/^/# /'; return 1; }
}

for cc in gcc clang; do
	check "$cc builds everything with -Werror" builds $cc
	check "$cc keeps the driver's floor" \
		sh -c "tests/floor.sh build/werror-$cc/readmostly check >'$out' ||
			{ sed 's/^/# /' '$out'; false; }"
done
done_testing
