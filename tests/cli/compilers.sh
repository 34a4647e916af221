#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Both compilers build all plain programs without warnings, and the driver executes at most the
# recorded number of instructions.
# slow: minutes of CPU time.
. tests/tools/tap.sh
unset MAKEFLAGS MFLAGS MAKELEVEL SANITIZE
out=$(mktemp) && trap 'rm -f "$out"' EXIT

builds() { # COMPILER: builds with -Werror, in a separate folder because the flags differ
	CI=true make -j"$(nproc)" CC="$1" BUILD="build/warnings-$1" OPT=-O2 all >"$out" 2>&1 ||
		{ grep -E 'rror|warning' "$out" | grep -v ' CC ' | head -n 6 | sed 's/^/# /'; return 1; }
}
keeps_floor() { # COMPILER
	tests/tools/floor.sh "build/warnings-$1/readmostly" check >"$out" || { sed 's/^/# /' "$out"; return 1; }
}
for cc in gcc clang; do
	if ! command -v $cc >/dev/null; then
		skip "$cc builds everything" "$cc is not installed"
		continue
	fi
	check "$cc builds everything without a warning" builds $cc
	check "$cc: the driver executes at most the recorded instructions" keeps_floor $cc
	grep -q '# SKIP' "$out" &&
		skip "$cc: as many instructions as recorded" "$(sed -n 's/.*# SKIP //p' "$out" | head -n 1)"
done
done_testing
