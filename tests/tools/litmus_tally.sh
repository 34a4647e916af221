#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# litmus_tally.sh PROGRAM RUNS - writes docs/tally/litmus.md: what test_explore_litmus
# counted. Status 1 where a forbidden outcome came, or an allowed one did not.
page=docs/tally/litmus.md
rows=$(mktemp) && trap 'rm -f "$rows"' EXIT
"$1" tally "$2" >"$rows"
status=$?
{
	cat <<-'end'
		# Litmus tests: what the models of memory allow, and what comes

		Made by `make litmus` from `tests/fixtures/litmus.tsv`, which says how a program is written, what each model allows, and where
		that stands; `tests/tools/litmus_axioms.py` holds it against axioms. Each test runs under schedules of seed 1, three of four
		random and one by PCT. Beside an outcome stands how often it came. Sequential consistency is run, too; its outcomes are in the table
		of the tests, all of them come, and under tso and c11 as well.

	end
	echo "$(date +%Y-%m-%d), commit $(git rev-parse --short HEAD)."
	echo
	cat "$rows"
} >"$page"
tail -n 1 "$page"
exit $status
