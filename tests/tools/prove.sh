#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# prove.sh [--fast] [--list] BUILD [NAME...] - runs all tests (or those whose
# name holds a NAME) and ends with the line `N passed, M failed, K skipped`. TAP
# by prove, Python by pytest. --fast leaves out those with "slow:" in their first
# lines; --list only says which would begin when.
#
# Tests share the CPUs; those in tests/alone.txt run alone.
# Slow ones begin first, so that no CPU waits for the last of them; the modules
# of pytest are shared out in this order, too. What fails has failed. It runs
# once more, alone, to tell what is broken from what is unsteady: the word is
# said beside it, the run stays red.
# Logs: BUILD/prove.log, BUILD/pytest.log, each test's output in BUILD/tap/.
unset $(git rev-parse --local-env-vars 2>/dev/null | grep -v CONFIG) # a git hook exports these
fast= list=
while :; do
	case $1 in
	--fast) fast=1 ;;
	--list) list=1 ;;
	*) break ;;
	esac
	shift
done
build=$1; shift
export BUILD=$build PYTHONDONTWRITEBYTECODE=1
summary=$build/prove.summary
mkdir -p "$build"

chosen() { # filters file names by the NAMEs
	[ $# = 0 ] && { cat; return; }
	grep -F "$(printf '%s\n' "$@")"
}
source_of() { # the text that says how a test runs
	case $1 in
	*.sh | *.py) echo "$1" ;;
	*) ls tests/unit/*/"$(basename "$1").c" 2>/dev/null || echo "$1" ;;
	esac
}
marked() { # WORD TEST
	head -n 15 "$(source_of "$2")" 2>/dev/null | grep -q "$1"
}
meant() { # filters file names by what --fast leaves out
	while IFS= read -r test; do
		[ -n "$fast" ] && marked slow: "$test" || echo "$test"
	done
}
slow_first() { # orders file names: no CPU waits for the last of the slow ones
	while IFS= read -r test; do
		rank=2
		marked slow: "$test" && rank=1
		marked 'slow: minutes' "$test" && rank=0
		echo "$rank $test"
	done | sort -s -k1,1 | cut -d' ' -f2-
}
broken_of() { sed -n 's/^\([^ ]*\) *(Wstat: .*/\1/p' "$1"; }

spent= begun=$SECONDS
stage() { # NAME: what ended now
	spent="$spent, $1 $((SECONDS - begun)) s"
	begun=$SECONDS
}

total=0
# Adds to `total`, leaves names in `broken`. Status 1 where no test but prove
# itself ended the run: what it had not begun never ran.
run_taps() { # OPTION TEST...
	local option=$1 log=$build/prove.part tests; shift
	broken=
	[ $# = 0 ] && return
	prove --timer "$option" --exec tests/tools/tap_keep.sh "$@" 2>&1 |
		tee "$log" | tee -a "$build/prove.log"
	proved=${PIPESTATUS[0]}
	broken=$(broken_of "$log")
	tests=$(sed -n 's/^Files=.*Tests=\([0-9]*\),.*/\1/p' "$log")
	total=$((total + ${tests:-0}))
	[ -n "$tests" ] && { [ "$proved" = 0 ] || [ -n "$broken" ]; }
}
ended=0
prove_ended() {
	ended=$((ended + 1))
	{ echo "failed: prove itself (status $proved)"
	tail -n 5 "$build/prove.part" | cut -c1-300 | sed 's/^/    /'; } >>"$summary"
}
facts() { # failed facts of a test that failed, at least one
	local count
	count=$(grep -c '^not ok' "$build/tap/$(basename "$1").tap")
	echo $((count > 0 ? count : 1))
}
left_out() { # TEST: facts that this machine cannot show
	grep -c '^ok .*# SKIP' "$build/tap/$(basename "$1").tap" 2>/dev/null
}
kept_facts() { # TEST: what failed and what was said before, for the end
	grep -B 12 -A 3 '^not ok' "$build/tap/$(basename "$1").tap" |
		grep -v '^ok ' | cut -c1-300 | sed 's/^/    /' | head -n 40
	tail -n 5 "$build/tap/$(basename "$1").err" | cut -c1-300 | sed 's/^/    /'
}

hung() { [ "$(cat "$build/tap/$(basename "$1").status")" = 124 ]; } # TEST
# Leaves in `word` what running it once more has told; what hung takes its time
# once.
once_more() { # TEST
	local total=0 # its facts are counted already
	word=", it hung: $1"
	hung "$1" && return
	word=" twice: $1"
	run_taps -j1 "$1" && [ -z "$broken" ] &&
		word=": $1 (unsteady: it passed when run again)"
}

runs_alone() { # TEST
	grep -qx "$(basename "$1")" tests/alone.txt
}

shared=() alone=() skipped=0
while IFS= read -r test; do
	runs_alone "$test" && alone+=("$test") || shared+=("$test")
done < <({ ls "$build"/tests/test_* 2>/dev/null | grep -v '\.[a-z]*$'
	ls tests/cli/*.sh; } | chosen "$@" | meant | slow_first)

modules=$(ls tests/report/test_*.py tests/report/oracle/test_*.py 2>/dev/null | chosen "$@" | meant |
	slow_first)
if [ -n "$modules" ]; then
	python=$(report/find_python.sh) || exit 3
fi
if [ -n "$list" ]; then
	printf 'side by side: %s\n' "${shared[@]}" | grep -v ': $'
	printf 'alone: %s\n' "${alone[@]}" | grep -v ': $'
	printf 'pytest: %s\n' $modules | grep -v ': $'
	exit 0
fi
: >"$build/prove.log" && : >"$summary" || exit 3

# An earlier run's output is not that of a test which this one does not reach.
mkdir -p "$build/tap"
for test in "${shared[@]}" "${alone[@]}"; do
	: >"$build/tap/$(basename "$test").tap"
done
# one more than there are CPUs: some wait
run_taps "-j$(($(nproc) + 1))" "${shared[@]}" || prove_ended
failing=$broken
[ ${#shared[@]} = 0 ] || stage "side by side"
run_taps -j1 "${alone[@]}" || prove_ended
failing="$failing $broken"
[ ${#alone[@]} = 0 ] || stage alone
for test in "${shared[@]}" "${alone[@]}"; do
	skipped=$((skipped + $(left_out "$test")))
	# a whole file: prove counts no test of it
	grep -q '^1\.\.0 .*# SKIP' "$build/tap/$(basename "$test").tap" &&
		skipped=$((skipped + 1)) total=$((total + 1))
done
failed=0
for test in $failing; do
	failed=$((failed + $(facts "$test")))
	first=$(kept_facts "$test")
	once_more "$test"
	{ echo "failed$word"; echo "$first"; } >>"$summary"
done
[ -z "${failing// /}" ] || stage "once more"
passed=$((total - failed - skipped)) failed=$((failed + ended))

py() { # ARGUMENT...: pytest, its last line in `verdict`
	"$python" -m pytest -q -o cache_dir="$PWD/$build/pytest" "$@" 2>&1 |
		tee -a "$build/pytest.log"
	[ "${PIPESTATUS[0]}" = 0 ]; local status=$?
	verdict=$(tail -n 1 "$build/pytest.log")
	return $status
}
# A module's tests stay in one process: they share what its fixtures made.
"$python" -c 'import xdist' 2>/dev/null && spread="-n $(nproc) --dist loadfile"
count() { grep -o "[0-9]* $1" <<<"$verdict" | grep -o '^[0-9]*' || echo 0; }
if [ -n "$modules" ]; then
	: >"$build/pytest.log"
	# shellcheck disable=SC2086
	if ! py $spread $modules; then
		bad=$(($(count failed) + $(count error)))
		[ $bad = 0 ] && bad=1
		failed=$((failed + bad))
	fi
	passed=$((passed + $(count passed))) skipped=$((skipped + $(count skipped)))
	first=$(grep -E '^(FAILED|ERROR) ' "$build/pytest.log")
	if [ "${bad:-0}" != 0 ]; then
		# shellcheck disable=SC2086
		py --last-failed $modules && unsteady=' (unsteady: it passed when run again)'
		echo "failed: ${first:-pytest itself}$unsteady" >>"$summary"
	fi
	stage pytest
fi
[ -s "$summary" ] && { echo "what failed:"; cat "$summary"; }
echo "stages: ${BUILT_S:+building $BUILT_S s, }${spent#, }"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
