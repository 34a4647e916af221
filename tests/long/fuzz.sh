#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh [NAME...] - runs fuzzers of parsers (test_fuzz_NAME; `readers` are the Python parsers)
# with 10^6 inputs for each parser, or for an hour of CPU time, with AddressSanitizer and UBSan.
# FUZZ_INPUTS, FUZZ_SECONDS, FUZZ_SEED and FUZZ_ONLY change this. Prints name, seed, numbers of
# inputs, accepted and rejected ones, and CPU seconds of each parser. Status 1: a fuzzer found a
# fault.
cd "$(dirname "$0")/../.." || exit 2
export BUILD=${BUILD:-build/test} FUZZ_INPUTS=${FUZZ_INPUTS:-1000000} FUZZ_SECONDS=${FUZZ_SECONDS:-3600}
unset MAKEFLAGS MFLAGS MAKELEVEL
# shellcheck disable=SC2046 # names
[ $# -gt 0 ] || set -- $(ls tests/unit/*/test_fuzz_*.c verify/tests/*/test_fuzz_*.c | sed 's/.*test_fuzz_//; s/\.c$//') readers
programs=
for name; do
	[ "$name" = readers ] && programs+=" $BUILD/tests/fuzz_mutate.so" || programs+=" $BUILD/tests/test_fuzz_$name"
done
# shellcheck disable=SC2086 # a list
make -s -j"$(nproc)" BUILD="$BUILD" OPT='-O1 -g1 -DRM_OUT_OF_LINE' \
	SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' $programs || exit 2
status=0
for name; do
	case $name in
	readers) nice -n 19 "$(report/find_python.sh)" tests/report/fuzz_readers.py "$BUILD" ;;
	*) nice -n 19 "$BUILD/tests/test_fuzz_$name" ;;
	esac >"$BUILD/fuzz.log" 2>&1 || { status=1; tail -n 40 "$BUILD/fuzz.log"; }
	sed -n "s/^# fuzz	/$name	/p" "$BUILD/fuzz.log"
done
exit $status
