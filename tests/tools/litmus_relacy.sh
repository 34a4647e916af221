#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# litmus_relacy.sh FOLDER RUNS - writes docs/tally/litmus-relacy.md: where Relacy
# and explore's c11 differ. Status of litmus_relacy.py; 2, and no page: it is not here.
page=docs/tally/litmus-relacy.md
rows=$(mktemp) && trap 'rm -f "$rows"' EXIT
python3 tests/tools/litmus_relacy.py tests/fixtures/litmus.tsv "$1" "$2" >"$rows"
status=$?
[ $status = 2 ] && exit 2
{
	cat <<-'end'
		# Litmus tests by another hand: Relacy

		Made by `make litmus-relacy` from `tests/fixtures/litmus.tsv`: the tests of [litmus.md](litmus.md) as a program for Relacy (Debian's `relacy-dev`), whose memory is
		C++11's, beside what `readmostly explore --memory c11` must do. All rows that are not here agree.

	end
	echo "$(date +%Y-%m-%d), commit $(git rev-parse --short HEAD)."
	printf '\n| test | Relacy has, and c11 forbids | c11 has, and Relacy has not | allowed, not produced by c11, and Relacy has it | why |\n|---|---|---|---|---|\n'
	cat "$rows"
} >"$page"
tail -n 1 "$page"
exit $status
