# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# tap.sh - TAP for shell tests: `. tests/tools/tap.sh`, needs ..., check ..., done_testing.
export RM_PAGE=no # campaigns print counts and write no page, except in tests of the page
export RM_SCRIPT=yes # make then reads its variables from the environment, too (Makefile)
tap_count=0 tap_failed=0
build=${BUILD:-build/gcc}

# needs NAME...: builds these programs (tests/tools/programs.sh). `make test` searches for lines
# that begin with `needs`, builds all of these programs at once, and lists them in the file
# PREBUILT.
needs() {
	for tap_name; do
		[ -n "$PREBUILT" ] && grep -qx -- "$tap_name" "$PREBUILT" && continue
		tests/tools/programs.sh "$build" "$@" >&2 && return
		echo "not ok 1 - builds: $*"
		echo 1..1
		exit 1
	done
}

# check NAME COMMAND...: runs a test, which passes if the command succeeds.
check() {
	tap_name=$1; shift
	tap_count=$((tap_count + 1))
	if "$@"; then
		echo "ok $tap_count - $tap_name"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $tap_name"
		echo "# failed: $*"
	fi
}

# skip NAME WHY: reports a test that this machine cannot run.
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# contains FILE TEXT: true if a line of the file contains the text.
contains() { grep -qF -- "$2" "$1" || { sed 's/^/# /' "$1"; return 1; }; }

done_testing() {
	echo "1..$tap_count"
	[ $tap_failed = 0 ]
}
