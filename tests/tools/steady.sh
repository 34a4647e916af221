#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# steady.sh [--loaded] N [NAME...] - runs each test of tests/racing.txt that
# races or reads a clock (or those whose name holds a NAME, or is it, for =NAME) N
# times, one run after the other, and prints a table: runs, failed runs, skipped
# facts, seconds of the longest and of all, and the facts that failed. What a test
# builds is built once, and kept in KEPT_BUILDS where that is set. --loaded: beside
# one busy process for each CPU and one more. A run that takes longer than
# TAP_LIMIT (3600 s) has failed. BUILD: build/gcc where it is not set. Logs of
# failed runs: BUILD/steady/. Status 1: some run failed.
loaded=; [ "$1" = --loaded ] && { loaded=1; shift; }
case $1 in
'' | *[!0-9]* | 0) sed -n '3,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
runs=$1; shift
export BUILD=${BUILD:-build/gcc} PYTHONDONTWRITEBYTECODE=1
cd "$(dirname "$0")/../.." || exit 1
python=$(report/find_python.sh) || exit 3
kept=$BUILD/steady busy=()
dir=$(mktemp -d) && mkdir -p "$kept" "$dir/builds" || exit 3
export KEPT_BUILDS=${KEPT_BUILDS:-$dir/builds}
end() {
	[ ${#busy[@]} = 0 ] || kill "${busy[@]}" 2>/dev/null
	rm -rf "$dir"
}
trap end EXIT
trap 'exit 130' INT TERM

if [ -n "$loaded" ]; then
	for _ in $(seq $(($(nproc) + 1))); do
		while :; do :; done &
		busy+=($!)
	done
fi
listed() { awk -F '\t' '!/^#/ && NF && $2 !~ /^none/ { print $1 }' tests/racing.txt; }
settings_of() { # TEST: of its environment, a line each
	awk -F '\t' -v name="$1" '$1 == name { gsub(";", "\n", $3); print $3 }' tests/racing.txt
}
chosen() { # filters by the NAMEs
	[ $# = 0 ] && { cat; return; }
	while IFS= read -r test; do
		for name in "$@"; do
			case $name in
			=*) [ "=$test" = "$name" ] || continue ;;
			*) [[ $test = *"$name"* ]] || continue ;;
			esac
			echo "$test"
			break
		done
	done
}
once() { # TEST LOG SETTING...: its status; what it said is in LOG
	local test=$1 log=$2
	shift 2
	case $test in
	test_*.py) set -- "$@" "$python" -m pytest -q -p no:cacheprovider "tests/report/$test" ;;
	*.sh) set -- "$@" "tests/cli/$test" ;;
	*) set -- "$@" "$BUILD/tests/$test" ;;
	esac
	timeout -k 10 "${TAP_LIMIT:-3600}" env "$@" >"$log" 2>&1 </dev/null
}
facts() { # LOG STATUS: those that failed, a line each
	sed -n 's/^not ok [0-9]* - //p; s/^\(FAILED\|ERROR\) \([^ ]*\).*/\2/p' "$1" | grep . ||
		echo "none: status $2"
}

printf '%-24s %5s %7s %8s %8s %8s  %s\n' test runs failed skipped longest all facts
status=0 log=$dir/log
while IFS= read -r test; do
	failed=0 skipped=0 longest=0 all=0 names=
	mapfile -t settings < <(settings_of "$test" | sed '/^$/d')
	for _ in $(seq "$runs"); do
		begun=$(date +%s%N)
		once "$test" "$log" "${settings[@]}"
		ended=$?
		if [ $ended != 0 ]; then
			failed=$((failed + 1)) status=1
			cp "$log" "$kept/$test.$(date +%s).log"
			names="$names$(facts "$log" $ended | sed 's/$/;/')"
		fi
		took=$((($(date +%s%N) - begun) / 1000000))
		all=$((all + took))
		[ $took -gt $longest ] && longest=$took
		now=$(tail -n 1 "$log" | sed -nE 's/^(.* )?([0-9]+) skipped.* in .*/\2/p') # pytest's
		now=${now:-$(grep -cE '^ok .*# SKIP|^1\.\.0 .*# SKIP' "$log")}
		[ "$now" -gt "$skipped" ] && skipped=$now
	done
	printf '%-24s %5d %7d %8d %6d.%d %8d  %s\n' "$test" "$runs" $failed "$skipped" \
		$((longest / 1000)) $((longest % 1000 / 100)) $((all / 1000)) \
		"$(tr ';' '\n' <<<"$names" | sed '/^$/d' | sort | uniq -c |
			sed 's/^ *\([0-9]*\) /\1 x /' | paste -sd';')"
done < <(listed | chosen "$@")
exit $status
