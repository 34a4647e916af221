#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# prove.sh [--fast|--long] [--list] BUILD [NAME...] - runs tests: all, or those whose path contains
# a NAME. Unit tests (UNIT/tests/, default BUILD) and shell tests (tests/cli/) print TAP; tests of
# the report are pytest's. The last line is `N passed, M failed, K skipped`. --fast: the tests of
# `make test`. --long: the others. --list: prints the tests, runs none. Marks in the first 15 lines
# of a test: ` slow: REASON`, a long test; ` alone: REASON`, no other test runs at the same time.
# Outputs are in BUILD/tap. A test that failed is not run again.
. runner/base/environment.sh
set= list=
while [[ $1 == --* ]]; do
	case $1 in
	--fast | --long) set=$1 ;;
	--list) list=1 ;;
	*) sed -n '3,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
	esac
	shift
done
build=$1; shift
kept=$build/tap
export BUILD=$build TAP_KEPT=$kept PYTHONDONTWRITEBYTECODE=1
mkdir -p "$kept"

marked() { # WORD TEST
	local source=$2 unit=${2##*/}
	case $source in *.sh | *.py) ;; *) source=$(ls tests/unit/*/"${unit%_portable}.c" verify/tests/*/"${unit%_portable}.c" 2>/dev/null) ;; esac
	head -n 15 "$source" | grep -qE "(^|[^a-z])$1: "
}
wanted() { # TEST NAME...
	local test=$1 name
	shift
	case $set in
	--fast) ! marked slow "$test" || return ;;
	--long) marked slow "$test" || return ;;
	esac
	for name; do [[ $test == *"$name"* ]] && return; done
	[ $# = 0 ]
}
shared=() alone=() modules=()
# Unit tests marked ` plain: REASON` cannot run under the sanitizers of UNIT.
for test in $(ls {"$build","$UNIT"}/tests/test_* 2>/dev/null | grep -v '\.[a-z]*$') tests/cli/*.sh tests/long/package.sh; do
	case $test in
	"$UNIT"/*) [ -n "$UNIT" ] && ! marked plain "$test" || continue ;;
	"$build"/*) [ -z "$UNIT" ] || marked plain "$test" || continue ;;
	esac
	wanted "$test" "$@" || continue
	marked alone "$test" && alone+=("$test") || shared+=("$test")
done
for test in tests/report/test_*.py tests/report/oracle/test_*.py; do
	wanted "$test" "$@" && modules+=("$test")
done
if [ -n "$list" ]; then
	printf '%s\n' "${shared[@]}" "${alone[@]}" "${modules[@]}" | grep .
	exit
fi
rm -f "$kept"/*.{tap,err,status,cpu,log}
run() { # JOBS TEST...
	[ $# = 1 ] || prove --timer -j"$1" --exec tests/tools/tap_keep.sh "${@:2}" 2>&1 | tee -a "$kept/prove.log"
}
run "$(($(nproc) + 1))" "${shared[@]}" # one more than CPUs, because some tests sleep
run 1 "${alone[@]}"

passed=0 failed=0 skipped=0
for test in "${shared[@]}" "${alone[@]}"; do
	tap=$kept/${test##*/}
	read -r good bad left < <(awk '/^(ok|1\.\.0) .*# SKIP/ { left++; next } /^ok/ { good++ } /^not ok/ { bad++ }
		END { print good + 0, bad + 0, left + 0 }' "$tap.tap" 2>/dev/null || echo 0 0 0)
	if [ ! -e "$tap.status" ] || grep -qE "^${test//./\\.} +\(Wstat: " "$kept/prove.log"; then
		[ "$bad" != 0 ] || bad=1
		{ echo "failed: $test"
		grep -B 12 -A 3 '^not ok' "$tap.tap" | grep -v '^ok ' | tail -n 40
		tail -n 5 "$tap.err"; } 2>&1 | cut -c1-300 >>"$kept/failed.log"
	fi
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left))
done
py() { # MARKS MODULE...: single tests may have pytest's marker `long`
	[ $# = 1 ] && return
	local python status verdict bad spread=
	python=$(report/find_python.sh) || exit 3
	"$python" -c 'import xdist' 2>/dev/null && spread="-n $(nproc) --dist loadfile"
	# shellcheck disable=SC2086
	"$python" -m pytest -q -o cache_dir="$PWD/$build/pytest" $spread -m "$1" "${@:2}" 2>&1 | tee "$kept/pytest.log"
	status=${PIPESTATUS[0]} verdict=$(tail -n 1 "$kept/pytest.log")
	count() { grep -oE "[0-9]+ $1" <<<"$verdict" | grep -oE '^[0-9]+' || echo 0; }
	bad=$(($(count failed) + $(count error)))
	[ "$status" = 0 ] || [ "$status" = 5 ] || [ $bad != 0 ] || bad=1 # 5: no test has the mark
	[ $bad = 0 ] || grep -E '^(FAILED|ERROR) ' "$kept/pytest.log" >>"$kept/failed.log" ||
		tail -n 20 "$kept/pytest.log" >>"$kept/failed.log"
	passed=$((passed + $(count passed))) failed=$((failed + bad)) skipped=$((skipped + $(count skipped)))
}
case $set in
--fast) py 'not long' "${modules[@]}" ;;
--long)
	py '' "${modules[@]}"
	set=--fast modules=()
	for test in tests/report/test_*.py tests/report/oracle/test_*.py; do
		wanted "$test" "$@" && grep -q 'mark\.long' "$test" && modules+=("$test")
	done
	py long "${modules[@]}" ;;
*) py '' "${modules[@]}" ;;
esac
[ ! -e "$kept/failed.log" ] || cat "$kept/failed.log"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
