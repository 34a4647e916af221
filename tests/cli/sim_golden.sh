#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The counts of all maps on 1, 4, 16 and 64 simulated cores equal the golden ones.
# slow: builds and simulates all maps.
. tests/tools/tap.sh
# shellcheck disable=SC2046
needs $(sed -n 's/^\([a-z0-9_]*\)	[0-9]*	.*/sim\/\1/p' tests/golden/sim/gcc-*.icelake-sp.tsv | sort -u)
exec "$(report/find_python.sh)" tests/tools/sim_golden.py "$build"
