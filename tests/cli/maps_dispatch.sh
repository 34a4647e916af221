#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every map, compiled for measurement by both compilers, has no dispatch in its measured loops.
# Arguments select compilers. IMPL=FILES checks only these maps, which may be outside of the tree.
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
	opt= # without debug information, unless the build folder already has it
	[ -e "$build/flags" ] && ! grep -q -- '-O2 -falign' "$build/flags" || opt=OPT=-O2
	# Objects of present maps only.
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
