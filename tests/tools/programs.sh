#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# programs.sh BUILD NAME... - builds readmostly and the programs of a shell test, and nothing else.
# NAME: FLAVOUR/ID (a map program), tests/PROGRAM or the name of a program in BUILD.
# Only one make at a time runs in a BUILD folder.
build=$1 programs='' files=
shift
for name; do
	case $name in
	tests/*) files="$files $build/$name" ;;
	*/*) programs="$programs $name" ;;
	*) files="$files $build/$name" ;;
	esac
done
mkdir -p "$build"
cc=$(cut -d' ' -f1 "$build/flags" 2>/dev/null || echo "$CC")
export RM_SCRIPT=yes # make reads SANITIZE and OPT from the environment
unset MAKEFLAGS MFLAGS MAKELEVEL IMPL IMPL_FLAGS HIDE OUT
# shellcheck disable=SC2086 # words
exec flock "$build/make.lock" make -s -j"$(nproc)" ${cc:+CC="$cc"} BUILD="$build" \
	NEEDED="$programs" programs $files
