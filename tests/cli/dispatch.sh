#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The check of dispatch finds each injected fault and accepts correct code.
# slow: over ten seconds of CPU time.
cd "$(dirname "$0")/../.." || exit 1
count=0
failed=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

report() { # status name
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		failed=1
		sed 's/^/# /' "$dir/out"
	fi
}

# ok|caught fixture pattern compiler flags...
try() {
	want=$1 fixture=$2 pattern=$3 name=$4
	shift 4
	object=$dir/$fixture.o
	: >"$dir/out"
	if ! "$@" -std=c11 -D_GNU_SOURCE -I. -O2 -fno-jump-tables -pthread -c \
		-o "$object" "tests/fixtures/$fixture.c" >"$dir/out" 2>&1; then
		report 1 "$name: $fixture compiles"
		return
	fi
	tests/tools/check_dispatch.py --build "$dir" "$object" >"$dir/out" 2>&1
	status=$?
	if [ "$want" = ok ]; then
		report $status "$name: $fixture passes"
	else
		[ $status = 1 ] && grep -q "$pattern" "$dir/out"
		report $? "$name: $fixture is caught ($pattern)"
	fi
}

all() { # name compiler flags...
	name=$1
	shift
	try ok dispatch_clean '' "$name" "$@"
	try caught dispatch_missing 'not in this object' "$name" "$@"
	try caught dispatch_renamed 'expected a function called drive' "$name" "$@"
	try caught dispatch_tail 'indirect: reach' "$name" "$@"
	try caught dispatch_callee 'indirect: deeper' "$name" "$@"
	try caught dispatch_global 'indirect: ' "$name" "$@"
	try caught dispatch_strange 'calls rm_fixture_elsewhere' "$name" "$@"
	try ok dispatch_plt '' "$name" "$@"
	try ok dispatch_callback '' "$name" "$@"
	try caught dispatch_callbacks 'found 2' "$name" "$@"
}

for cc in gcc clang; do
	if command -v $cc >/dev/null; then
		all $cc $cc
		all "$cc -fPIE" $cc -fPIE
	else
		count=$((count + 1))
		echo "ok $count - $cc # SKIP $cc is not installed"
	fi
done

# AArch64: compiling a fixture does not need the C library of that machine. The headers of this
# machine require the macro __x86_64__.
arm="clang --target=aarch64-linux-gnu -D__x86_64__ -isystem /usr/include/x86_64-linux-gnu"
if command -v clang >/dev/null && ls /usr/bin/llvm-objdump* >/dev/null 2>&1 &&
	$arm -std=c11 -D_GNU_SOURCE -I. -c -o "$dir/a.o" \
		tests/fixtures/dispatch_clean.c 2>/dev/null; then
	all aarch64 $arm
else
	count=$((count + 1))
	echo "ok $count - aarch64 # SKIP clang or llvm-objdump for AArch64 is missing"
fi
echo "1..$count"
exit $failed
