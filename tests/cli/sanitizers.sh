#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the unit tests of maps and all checks of all maps with sanitizers.
# slow: minutes of CPU time.
. tests/tools/tap.sh
unset MAKEFLAGS MFLAGS MAKELEVEL SANITIZE CI
out=$(mktemp) && trap 'rm -f "$out"' EXIT

clean() { # TARGET
	make -j"$(nproc)" "$1" >"$out" 2>&1 ||
		{ grep -v '  CC ' "$out" | tail -n 60 | sed 's/^/# /'; return 1; }
}

check 'AddressSanitizer and UBSan find nothing in the maps' clean test-asan
check 'ThreadSanitizer finds nothing in the maps' clean test-tsan
done_testing
