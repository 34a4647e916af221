#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# prove.sh BUILD [NAME...] - runs all tests (or those whose name holds a NAME)
# and ends with the line `N passed, M failed`. TAP by prove, Python by pytest.
# Logs: BUILD/prove.log, BUILD/pytest.log.
build=$1; shift
export BUILD=$build PYTHONDONTWRITEBYTECODE=1
python=$(report/find_python.sh) || exit 3

chosen() { # filters file names by the NAMEs
	[ $# = 0 ] && { cat; return; }
	grep -F "$(printf '%s\n' "$@")"
}
taps=$(ls "$build"/tests/test_* tests/cli_*.sh 2>/dev/null |
	grep -v '\.[od]$' | chosen "$@")
modules=$(ls tests/test_*.py 2>/dev/null | chosen "$@")

passed=0 failed=0
if [ -n "$taps" ]; then
	# shellcheck disable=SC2086
	{ prove --timer --exec '' $taps 2>"$build/prove.err"
	echo $? >"$build/prove.status"; } | tee "$build/prove.log"
	broken=$(cat "$build/prove.status")
	[ "$broken" = 0 ] || tail -n 50 "$build/prove.err"
	total=$(sed -n 's/^Files=.*Tests=\([0-9]*\),.*/\1/p' "$build/prove.log")
	bad=$(sed -n 's/.* \([0-9]*\)\/[0-9]* subtests failed\..*/\1/p' \
		"$build/prove.log" "$build/prove.err" | tail -n 1)
	[ $broken != 0 ] && [ "${bad:-0}" = 0 ] && bad=1 # died without a plan
	failed=${bad:-0} passed=$((${total:-0} - ${bad:-0}))
fi
if [ -n "$modules" ]; then
	# shellcheck disable=SC2086
	{ "$python" -m pytest -q -p no:cacheprovider $modules 2>&1
	echo $? >"$build/pytest.status"; } | tee "$build/pytest.log"
	broken=$(cat "$build/pytest.status")
	count() { tail -n 1 "$build/pytest.log" | grep -o "[0-9]* $1" | cut -d' ' -f1; }
	good=$(count passed) bad=$(count failed) errors=$(count error)
	bad=$((${bad:-0} + ${errors:-0}))
	[ $broken != 0 ] && [ $bad = 0 ] && bad=1
	passed=$((passed + ${good:-0})) failed=$((failed + bad))
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
