#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sim_with.sh OUT MAP.c... - builds OUT/readmostly-sim: what $BUILD holds and
# the maps of these files. As with_impl.sh, only these maps are compiled.
# PROGRAM=readmostly-explore builds that one instead.
out=$1
shift
build=${BUILD:-build/gcc}
cc=$(cut -d' ' -f1 "$build/flags") || exit 1
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 1
(cd "$build" && find . \( -name '*.[ods]' -o -name '*.verdict' \) \
	! -path './tests/*' ! -path './stats/*' ! -path './sanitized/*' \
	! -path './bench-*' ! -path './chooser/*' -exec \
	cp -p --parents -t "$out" {} + && cp -p flags sim-flags "$out") || exit 1
find "$out" -name '*.d' -exec sed -i "s|^$build/|$out/|" {} +
unset MAKEFLAGS MFLAGS MAKELEVEL
exec make -s -j"$(nproc)" CC="$cc" BUILD="$out" IMPL="$*" "$out/${PROGRAM:-readmostly-sim}"
