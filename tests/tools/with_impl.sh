#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# with_impl.sh OUT MAP.c... - builds OUT/readmostly: what $BUILD holds (default
# build/gcc) and the maps of these files. Objects of $BUILD are copied, so that
# only the maps are compiled. KEPT_BUILDS=DIR keeps the programs there for the
# next that asks for the same maps (tests/long/racing.sh).
# IMPL_FLAGS='-O1 -DRM_CALLED' is for maps that nobody times, and whose faults do
# not depend on how quick they are: half of the time, or less.
out=$1
shift
build=${BUILD:-build/gcc}
cc=$(cut -d' ' -f1 "$build/flags") || exit 1
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 1
[ -z "$KEPT_BUILDS" ] || kept=$KEPT_BUILDS/$({ cat "$@" "$build/flags"; echo "$IMPL_FLAGS"; } | sha256sum | cut -c1-16)
[ -n "$kept" ] && [ -d "$kept" ] && exec cp -p "$kept"/* "$out"
# With what they depend on: a header may be younger than $BUILD.
(cd "$build" && find . \( -name '*.[od]' -o -name '*.code' \) ! -path './tests/*' \
	! -path './stats/*' ! -path './sim/*' ! -path './sanitized/*' \
	! -path './bench-*' ! -path './chooser/*' -exec \
	cp -p --parents -t "$out" {} + && cp -p flags $(ls cxx-flags 2>/dev/null) "$out") || exit 1
find "$out" -name '*.d' -exec sed -i "s|^$build/|$out/|" {} +
unset MAKEFLAGS MFLAGS MAKELEVEL
make -s -j"$(nproc)" CC="$cc" BUILD="$out" IMPL="$*" IMPL_FLAGS="$IMPL_FLAGS" "$out/readmostly" || exit
[ -z "$kept" ] || { mkdir "$kept" &&
	find "$out" -maxdepth 1 -type f \( -perm /111 -o -name '*.so' \) -exec cp -p -t "$kept" {} +; }
