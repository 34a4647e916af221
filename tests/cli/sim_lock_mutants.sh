#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Locks, waits and order of the simulated machine, broken by one edit each: a
# test of them must say so. Virtual time and seeds, no chance.
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

# edited FILE HOME: its object, with what is edited first among the headers.
# What is simulated code itself is instrumented, as runner/sim/sim.mk does it.
edited() {
	local object=$2/edited.o
	case $1 in
	*/mutex.c | */rwlock.c | */cond.c)
		$cc $flags -fsanitize=thread -include runner/sim/guest/relax.h \
			-I. -c -o "$object" "$2/edited.c" &&
			objcopy --redefine-syms="$dir/names" "$object" ;;
	*) $cc $flags -I. -c -o "$object" "$2/edited.c" ;;
	esac
}

# linked TEST FILE HOME: the test with the edited object instead of its own.
linked() {
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
	# the archive gives what is missing, so not its own form of the edited one
	# shellcheck disable=SC2086
	$cc -pthread -o "$3/test" $parts "$3/edited.o" "$dir/rest.a" \
		$libraries
}

# caught NUMBER: the line of the list, broken, built and run. Leaves why not.
caught() {
	local test words file edit chosen=() home=$dir/$1
	IFS='	' read -r _ test words file edit < <(sed -n "$1p" "$dir/list")
	mkdir -p "$home"
	sed -E "$edit" "$file" >"$home/edited.c"
	cmp -s "$file" "$home/edited.c" && { echo "the edit changes nothing"; return; }
	{ edited "$file" "$home" && linked "$test" "${file##*/}" "$home"; } \
		>"$home/log" 2>&1 || { echo "it does not build"; cat "$home/log"; return; }
	# WORDS@THREADS: facts that hold the words, with so many threads
	[ "$words" = - ] || chosen=("${words%@*}" "${words#*@}")
	timeout 120 "$home/test" "${chosen[@]}" >"$home/said" 2>&1
	grep -q '^ok\|^not ok' "$home/said" || echo "no fact was judged"
	grep -q '^not ok' "$home/said" || echo "no fact was broken"
}
export -f edited linked caught

ar rcs "$dir/rest.a" "$build"/runner/{base,protocol,plan,sim/model}/*.o \
	"$build"/runner/machine/topology.o "$build"/{sim_machines,build_info}.o
grep -v '^#' tests/fixtures/sim_lock_mutants.tsv >"$dir/list"
count=$(wc -l <"$dir/list")
# What did not come to its end has no reason, which is none of the good ones.
seq "$count" | xargs -P "$(nproc)" -I{} bash -c 'caught {} >"$dir/{}.told" && mv "$dir/{}.told" "$dir/{}.why"'
for number in $(seq "$count"); do
	name=$(sed -n "${number}p" "$dir/list" | cut -f1)
	sed 's/^/# /' "$dir/$number.why"
	check "$name" [ -e "$dir/$number.why" -a ! -s "$dir/$number.why" ]
done
check 'ten faults at the least are listed' [ "$count" -ge 10 ]
done_testing
