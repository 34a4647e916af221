#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What programs print is what is kept of it, word for word and count for count.
# slow: over five seconds of CPU time; not part of `make check`.
exec "$(report/find_python.sh)" tests/tools/said.py "${BUILD:-build/gcc}"
