#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every map, compiled for measurement by both compilers, has no dispatch in its measured loops.
# Arguments select compilers.
# slow: minutes of CPU time.
cd "$(dirname "$0")/../.." || exit 1
count=0
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
	opt= # without debug information, unless the folder was built with it
	[ -e "$build/flags" ] && ! grep -q -- '-O2 -falign' "$build/flags" || opt=OPT=-O2
	if ! flock "$build/make.lock" make -s -j"$(nproc)" CC="$cc" BUILD="$build" $opt map-objects >"$out" 2>&1; then
		echo "not ok $count - $cc: the maps compile"
		sed 's/^/# /' "$out"
		failed=1
		continue
	fi
	# Objects of present maps only.
	objects=$(ls impls/*/*.c impls/*/*.cc | sed "s|\(.*\)\.cc*|$build/\1.o|")
	present=$(ls $objects 2>/dev/null)
	[ "$cc" = clang ] && cxx=clang++ || cxx=g++
	CC=$cc PKG_CONFIG_PATH=$(.ci/pc "$cc" $cxx) tests/tools/check_dispatch.py --build "$build" $present >"$out" 2>&1
	status=$?
	sed 's/^/# /' "$out"
	maps=$(grep -c '^ok' "$out")
	[ $status = 0 ] && [ "$maps" -gt 1 ] || { printf 'not '; failed=1; }
	echo "ok $count - $cc: no dispatch in the measured loops of $maps maps"
done
echo "1..$count"
exit $failed
