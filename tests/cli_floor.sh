#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The driver's floor, exact by callgrind, for the compiler of this build.
exec tests/floor.sh "${BUILD:-build/gcc}/readmostly" check
