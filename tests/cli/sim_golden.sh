#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The counts of all maps on 1, 4, 16 and 64 simulated cores are the golden ones.
# slow: over five seconds of CPU time; not part of `make check`.
exec "$(report/find_python.sh)" tests/tools/sim_golden.py "${BUILD:-build/gcc}"
