#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# prove.sh BUILD [NAME...] - runs all tests (or those whose name holds a NAME)
# and ends with the line `N passed, M failed`. TAP by prove, Python by pytest.
#
# Tests with "side by side:" in their first lines share the CPUs, the others
# run alone. What fails runs once more, alone: it counts as it ended then, and
# a fact that failed first is named as unsteady, never kept quiet.
# Logs: BUILD/prove.log, BUILD/pytest.log, each test's output in BUILD/tap/.
build=$1; shift
export BUILD=$build PYTHONDONTWRITEBYTECODE=1
python=$(report/find_python.sh) || exit 3
summary=$build/prove.summary
mkdir -p "$build" && : >"$build/prove.log" && : >"$summary"

chosen() { # filters file names by the NAMEs
	[ $# = 0 ] && { cat; return; }
	grep -F "$(printf '%s\n' "$@")"
}
source_of() { # the text that says how a test runs
	case $1 in *.sh) echo "$1" ;; *) echo "tests/$(basename "$1").c" ;; esac
}
side_by_side() {
	head -n 15 "$(source_of "$1")" 2>/dev/null | grep -q "side by side:"
}
broken_of() { sed -n 's/^\([^ ]*\) *(Wstat: .*/\1/p' "$1"; }

total=0
run_taps() { # OPTION TEST...: adds to `total`, leaves names in `broken`
	local option=$1 log=$build/prove.part; shift
	broken=
	[ $# = 0 ] && return
	prove --timer "$option" --exec tests/tap_keep.sh "$@" 2>&1 |
		tee "$log" | tee -a "$build/prove.log"
	broken=$(broken_of "$log")
	total=$((total + $(sed -n 's/^Files=.*Tests=\([0-9]*\),.*/\1/p' "$log")))
}
facts() { # failed facts of a test that failed, at least one
	local count
	count=$(grep -c '^not ok' "$build/tap/$(basename "$1").tap")
	echo $((count > 0 ? count : 1))
}
keep_facts() { # HEADING TEST: what failed, for the end
	echo "$1 $2"
	grep -A 3 '^not ok' "$build/tap/$(basename "$2").tap" | cut -c1-300 |
		sed 's/^/    /' | head -n 40
	tail -n 5 "$build/tap/$(basename "$2").err" | cut -c1-300 | sed 's/^/    /'
}

shared=() alone=()
while IFS= read -r test; do
	if side_by_side "$test"; then shared+=("$test"); else alone+=("$test"); fi
done < <({ ls "$build"/tests/test_* 2>/dev/null | grep -v '\.[a-z]*$'
	ls tests/cli_*.sh; } | chosen "$@")

run_taps "-j$(nproc)" "${shared[@]}"; failing=$broken
run_taps -j1 "${alone[@]}"; failing="$failing $broken"
failed=0
for test in $failing; do
	keep_facts "failed once:" "$test" >"$build/prove.first"
	before=$total
	run_taps -j1 "$test"
	total=$before
	if [ -z "$broken" ]; then
		sed '1s/failed once:/unsteady, passed when run again:/' \
			"$build/prove.first" >>"$summary"
	else
		failed=$((failed + $(facts "$test")))
		keep_facts "failed:" "$test" >>"$summary"
	fi
done
passed=$((total > failed ? total - failed : 0))

modules=$(ls tests/test_*.py 2>/dev/null | chosen "$@")
py() { # ARGUMENT...: pytest, its last line in `verdict`
	"$python" -m pytest -q -o cache_dir="$PWD/$build/pytest" "$@" 2>&1 |
		tee -a "$build/pytest.log"
	[ "${PIPESTATUS[0]}" = 0 ]; local status=$?
	verdict=$(tail -n 1 "$build/pytest.log")
	return $status
}
count() { grep -o "[0-9]* $1" <<<"$verdict" | grep -o '^[0-9]*' || echo 0; }
if [ -n "$modules" ]; then
	: >"$build/pytest.log"
	# shellcheck disable=SC2086
	if py $modules; then
		bad=0
		good=$(count passed)
	else
		first=$(grep -E '^(FAILED|ERROR) ' "$build/pytest.log")
		good=$(count passed) bad=$(($(count failed) + $(count error)))
		# shellcheck disable=SC2086
		if [ $bad != 0 ] && py --last-failed $modules; then
			echo "unsteady, passed when run again: $first" >>"$summary"
			good=$((good + bad)) bad=0
		else
			echo "failed: ${first:-pytest itself}" >>"$summary"
			[ $bad = 0 ] && bad=1
		fi
	fi
	passed=$((passed + good)) failed=$((failed + bad))
fi
[ -s "$summary" ] && { echo "what failed:"; cat "$summary"; }
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
