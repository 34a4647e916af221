#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the machine code of every map, compiled by both compilers: its measured loops contain no
# indirect call. Arguments select compilers. IMPL=FILES limits the check to these maps, which may be
# outside of the tree.
# slow: minutes of CPU time.
cd "$(dirname "$0")/../.." || exit 1
count=0 least=2 targets=map-objects
for file in $IMPL; do
	[ -f "$file" ] || { echo "check-dispatch: IMPL=$file: no such file: expected the source of a map" >&2; exit 2; }
	least=1
done
failed=0
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL SANITIZE

for cc in ${*:-gcc clang}; do
	build=build/$cc
	count=$((count + 1))
	if ! command -v "$cc" >/dev/null; then
		echo "ok $count - $cc # SKIP $cc is not installed"
		continue
	fi
	mkdir -p "$build"
	opt= # without debug information, except if the build folder has objects with it
	[ -e "$build/flags" ] && ! grep -q -- '-O2 -falign' "$build/flags" || opt=OPT=-O2
	# Only objects of maps that are present in the tree.
	objects=$(ls ${IMPL:-impls/*/*.c impls/*/*.cc} | sed "s|\(.*\)\.cc*|$build/\1.o|")
	[ -z "$IMPL" ] || targets=$objects
	if ! flock "$build/make.lock" make -s -j"$(nproc)" CC="$cc" BUILD="$build" $opt $targets >"$out" 2>&1; then
		echo "not ok $count - $cc: the maps compile"
		sed 's/^/# /' "$out"
		failed=1
		continue
	fi
	present=$(ls $objects 2>/dev/null)
	[ "$cc" = clang ] && cxx=clang++ || cxx=g++
	CC=$cc PKG_CONFIG_PATH=$(.ci/pc "$cc" $cxx) tests/tools/check_dispatch.py --build "$build" $present >"$out" 2>&1
	status=$?
	sed 's/^/# /' "$out"
	maps=$(grep -c '^ok' "$out")
	[ $status = 0 ] && [ "$maps" -ge "$least" ] || { printf 'not '; failed=1; }
	echo "ok $count - $cc: no dispatch in the measured loops of $maps maps"
done
echo "1..$count"
exit $failed
