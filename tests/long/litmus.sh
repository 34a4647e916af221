#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# litmus.sh [RUNS] - compares the table tests/fixtures/litmus.tsv with the axioms. Then runs each
# litmus test of the table RUNS times (10^6) under each memory model of `explore`, and 20,000 times
# in Relacy (package relacy-dev). Prints a row for each test, and the differences from Relacy.
# Status 1: a forbidden outcome, a missing expected outcome, or an unexplained difference.
cd "$(dirname "$0")/../.." || exit 2
build=${BUILD:-build/gcc} table=tests/fixtures/litmus.tsv status=0
make -s BUILD="$build" "$build/tests/test_explore_litmus" || exit 2
python3 tests/tools/litmus_axioms.py $table || status=1
"$build/tests/test_explore_litmus" table "${1:-1000000}" || status=1
python3 tests/long/litmus_relacy.py $table "$build/litmus-relacy" 20000 || status=1
exit $status
