#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# with_impl.sh OUT 'FLAVOUR...' MAP.c... - builds OUT/readmostly and OUT/maps/FLAVOUR/ID of
# each file, in each flavour. `readmostly` only lists maps that have a plain program.
# From the environment:
# BUILD       folder of objects (build/gcc), which are kept for the next run
# ALSO        'FLAVOUR/ID...': further map programs of the tree for OUT
# IMPL_FLAGS  compiler flags of these maps; '-O1 -DRM_OUT_OF_LINE' halves the build time of maps that
#             are not timed
out=$1 flavours=$2 build=${BUILD:-build/gcc} needed=$ALSO
shift 2
for flavour in $flavours; do
	for file; do
		name=${file##*/}
		needed="$needed $flavour/${name%.*}"
	done
done
cc=$(cut -d' ' -f1 "$build/flags" 2>/dev/null)
flags=$IMPL_FLAGS
export RM_SCRIPT=yes # make reads SANITIZE and OPT from the environment
unset MAKEFLAGS MFLAGS MAKELEVEL IMPL IMPL_FLAGS HIDE
mkdir -p "$build" || exit
exec flock "$build/make.lock" make -s -j"$(nproc)" ${cc:+CC="$cc"} BUILD="$build" OUT="$out" \
	IMPL="$*" IMPL_FLAGS="$flags" NEEDED="$needed" programs
