#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# racing.sh [--loaded] N [NAME...] - runs tests N times each, one after another,
# and prints runs, failures and the longest run. NAME: test_x of tests/unit, x.sh of
# tests/cli or test_x.py of tests/report; the default is tests marked `alone:`.
# --loaded: a busy loop on each CPU and one more.
# Logs of failed runs: BUILD/racing. Status 1: a run failed.
loaded=
[ "$1" != --loaded ] || { loaded=1; shift; }
case $1 in '' | *[!0-9]* | 0) sed -n '3,8s/^# \{0,1\}//p' "$0"; exit 2 ;; esac
runs=$1; shift
cd "$(dirname "$0")/../.." || exit 2
export BUILD=${BUILD:-build/gcc} PYTHONDONTWRITEBYTECODE=1
if [ $# = 0 ]; then
	for file in $(grep -lE '(^|[^a-z])alone: ' tests/unit/*/test_*.c verify/tests/*/test_*.c tests/cli/*.sh); do
		set -- "$@" "$(basename "$file" .c)"
	done
fi
dir=$(mktemp -d) kept=$BUILD/racing busy=()
mkdir -p "$kept"
trap '[ ${#busy[@]} = 0 ] || kill "${busy[@]}"; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
if [ -n "$loaded" ]; then
	for _ in $(seq $(($(nproc) + 1))); do
		while :; do :; done &
		busy+=($!)
	done
fi
once() { # TEST
	case $1 in
	*.py) set -- "$(report/find_python.sh)" -m pytest -q -p no:cacheprovider "tests/report/$1" ;;
	*.sh) set -- "tests/cli/$1" ;;
	*) set -- "$BUILD/tests/$1" ;;
	esac
	timeout -k 10 3600 "$@" >"$dir/log" 2>&1 </dev/null
}
status=0
for test; do
	failed=0 longest=0
	for _ in $(seq "$runs"); do
		begun=$SECONDS
		once "$test" || {
			failed=$((failed + 1)) status=1
			cp "$dir/log" "$kept/$test.$failed.log"
		}
		[ $((SECONDS - begun)) -le $longest ] || longest=$((SECONDS - begun))
	done
	echo "$test: $runs runs, $failed failed, longest $longest s"
done
exit $status
