#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench.sh READMOSTLY MODE [ARGUMENTS] - `make bench`: run, then report.
# The report is written whatever happened (status 2, nothing was started,
# excepted); its path is the last line; what failed decides the status.
readmostly=$1 mode=$2
shift 2
"$readmostly" run --mode "$mode" "$@"
ran=$?
[ $ran = 2 ] && exit 2
python=$(report/find_python.sh) || exit 3
"$python" -m report "$(readlink -f results/latest)"
reported=$?
[ $ran != 0 ] && exit $ran
exit $reported
