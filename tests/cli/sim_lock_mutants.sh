#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Breaks locks, waits and memory orders of the simulated machine with one edit each. One of their
# tests must fail. Time is virtual and seeds are fixed.
# slow: over ten seconds of CPU time.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
needs tests/test_sim_threads sim/gomap_rw
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
build=${BUILD:-build/gcc}
cc=$(cut -d' ' -f1 "$build/flags") || exit 1
flags='-std=c11 -D_GNU_SOURCE -w -pthread -O1 -fno-lto'
libraries="$(pkg-config --libs hwloc inih jansson zlib) -lm -ldl"
sed '/^#/d; / /!d' runner/sim/names.txt >"$dir/names"
export dir build cc flags libraries

# compile_edited FILE HOME: compiles the edited file. Files of simulated code are instrumented as in
# runner/sim/sim.mk.
compile_edited() {
	local object=$2/edited.o
	case $1 in
	*/mutex.c | */rwlock.c | */cond.c)
		$cc $flags -fsanitize=thread -include runner/sim/guest/relax.h \
			-I. -c -o "$object" "$2/edited.c" &&
			objcopy --redefine-syms="$dir/names" "$object" ;;
	*) $cc $flags -I. -c -o "$object" "$2/edited.c" ;;
	esac
}

# link_test TEST FILE HOME: links the test with the edited object instead of the original.
link_test() {
	local parts
	if [ "$1" = test_sim_threads ]; then
		parts=$(ls "$build"/tests/unit/sim/test_sim_threads.o \
			"$build"/sim/tests/unit/sim/sim_threads{,_heap}.o \
			"$build"/sim/runner/sim/guest/*[a-z].o \
			"$build"/runner/sim/guest/*.o | grep -v '\.raw\.o$' |
			grep -v "/${2%.c}.o")
	else
		parts="$flags -I. tests/unit/sim/$1.c"
	fi
	# The archive provides only missing objects, so it does not replace the edited one.
	$cc -pthread -o "$3/test" $parts "$3/edited.o" "$dir/rest.a" \
		$libraries
}

# caught NUMBER: makes the edit in line NUMBER of the list, builds and runs the test; prints why the
# bug was not caught.
caught() {
	local test words file edit chosen=() home=$dir/$1
	IFS='	' read -r _ test words file edit < <(sed -n "$1p" "$dir/list")
	mkdir -p "$home"
	sed -E "$edit" "$file" >"$home/edited.c"
	cmp -s "$file" "$home/edited.c" && { echo "the edit changes nothing"; return; }
	{ compile_edited "$file" "$home" && link_test "$test" "${file##*/}" "$home"; } \
		>"$home/log" 2>&1 || { echo "it does not build"; cat "$home/log"; return; }
	# WORDS@THREADS: runs only tests whose names contain WORDS, with this many threads.
	[ "$words" = - ] || chosen=("${words%@*}" "${words#*@}")
	timeout 120 "$home/test" "${chosen[@]}" >"$home/tap" 2>&1
	grep -q '^ok\|^not ok' "$home/tap" || echo "no fact was judged"
	grep -q '^not ok' "$home/tap" || echo "no fact was broken"
}
export -f compile_edited link_test caught

ar rcs "$dir/rest.a" "$build"/runner/{base,protocol,plan,sim/model}/*.o \
	"$build"/runner/machine/topology.o "$build"/{sim_machines,build_info,build_mark}.o
grep -v '^#' tests/fixtures/sim_lock_mutants.tsv >"$dir/list"
count=$(wc -l <"$dir/list")
# A run that is interrupted leaves no .why file, which counts as a failure.
seq "$count" | xargs -P "$(nproc)" -I{} bash -c 'caught {} >"$dir/{}.told" && mv "$dir/{}.told" "$dir/{}.why"'
for number in $(seq "$count"); do
	name=$(sed -n "${number}p" "$dir/list" | cut -f1)
	sed 's/^/# /' "$dir/$number.why"
	check "$name" [ -e "$dir/$number.why" -a ! -s "$dir/$number.why" ]
done
check 'the list has at least ten faults' [ "$count" -ge 10 ]
done_testing
