#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# steady.sh [--loaded] N [NAME...] - runs each test of tests/racing.txt (or
# those whose name holds a NAME) N times, one run after the other, and prints a
# table: runs, failed runs, skipped facts, seconds of the longest, and the facts
# that failed. --loaded: beside one busy process for each CPU and one more.
# BUILD: build/gcc where it is not set. Logs of failed runs: BUILD/steady/.
# Status 1: some run failed.
loaded=; [ "$1" = --loaded ] && { loaded=1; shift; }
case $1 in
'' | *[!0-9]* | 0) sed -n '3,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
runs=$1; shift
export BUILD=${BUILD:-build/gcc} PYTHONDONTWRITEBYTECODE=1
cd "$(dirname "$0")/../.." || exit 1
python=$(report/find_python.sh) || exit 3
kept=$BUILD/steady busy=()
mkdir -p "$kept"
end() { [ ${#busy[@]} = 0 ] || kill "${busy[@]}" 2>/dev/null; }
trap end EXIT
trap 'exit 130' INT TERM

if [ -n "$loaded" ]; then
	for _ in $(seq $(($(nproc) + 1))); do
		while :; do :; done &
		busy+=($!)
	done
fi
listed() { sed '/^#/d; /^$/d' tests/racing.txt | cut -f1; }
chosen() { # filters by the NAMEs
	[ $# = 0 ] && { cat; return; }
	grep -F "$(printf '%s\n' "$@")"
}
once() { # TEST LOG: its status; what it said is in LOG
	case $1 in
	test_*.py) "$python" -m pytest -q -p no:cacheprovider "tests/report/$1" ;;
	*.sh) "tests/cli/$1" ;;
	*) "$BUILD/tests/$1" ;;
	esac >"$2" 2>&1 </dev/null
}
facts() { # LOG: those that failed, in one line
	sed -n 's/^not ok [0-9]* - //p; s/^FAILED \([^ ]*\).*/\1/p' "$1"
}

printf '%-24s %5s %7s %8s %8s  %s\n' test runs failed skipped longest facts
status=0 log=$kept/log
while IFS= read -r test; do
	failed=0 skipped=0 longest=0 names=
	for i in $(seq "$runs"); do
		begun=$(date +%s%N)
		if ! once "$test" "$log"; then
			failed=$((failed + 1)) status=1
			cp "$log" "$kept/$test.$i.log"
			names="$names$(facts "$log" | sed 's/$/;/')"
		fi
		took=$((($(date +%s%N) - begun) / 1000000))
		[ $took -gt $longest ] && longest=$took
		now=$(grep -cE '^ok .*# SKIP' "$log")
		[ "$now" -gt "$skipped" ] && skipped=$now
	done
	printf '%-24s %5d %7d %8d %6d.%d  %s\n' "$test" "$runs" $failed "$skipped" \
		$((longest / 1000)) $((longest % 1000 / 100)) \
		"$(tr ';' '\n' <<<"$names" | sed '/^$/d' | sort | uniq -c |
			sed 's/^ *\([0-9]*\) /\1 x /' | paste -sd';')"
done < <(listed | chosen "$@")
exit $status
