#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests `readmostly check ./their_map.so` with maps of other projects and languages, a broken map,
# and invalid files.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
needs check/library plain/null_map
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL SANITIZE CFLAGS CXXFLAGS
cxx=${CXX:-g++}

passes() { # FILE
	"$readmostly" check "$1" --quiet --ops 20000 >"$out" 2>&1 &&
		contains "$out" ' 0 failed' || { sed 's/^/# /' "$out"; return 1; }
}
# refuses FILE WORDS ARGUMENT...: status 2, nothing on standard output, one line of errors.
refuses() {
	"$readmostly" check "$1" "${@:3}" >"$dir/stdout" 2>"$out"
	[ $? = 2 ] && [ ! -s "$dir/stdout" ] && [ "$(wc -l <"$out")" = 1 ] &&
		contains "$out" "$2" || { sed 's/^/# /' "$out"; return 1; }
}
# caught FAULT CHECK SEEDS: the check finds the fault with one of the seeds.
caught() {
	fixture $1 || return
	for seed in $(seq "$3"); do
		"$readmostly" check "$dir/f.so" --quiet --only "$2" --seed "$seed" \
			--ops 50000 >"$out" 2>&1
		[ $? = 1 ] && grep -q "^FAIL .*f.so u64x8 $2: .*; again: readmostly check $dir/f.so" \
			"$out" && return
	done
	sed 's/^/# /' "$out"
	return 1
}
fixture() { # FAULT OPTIONS...: builds $dir/f.so
	fault=$1
	shift
	$cxx -std=c++17 -O1 -I. -shared -fPIC -pthread -DFAULT="$fault" "$@" \
		-o "$dir/f.so" tests/fixtures/foreign_broken.cc
}
source_of() { # TEXT: builds $dir/f.so from C text
	printf '#include "runner/readmostly.h"\n%s\n' "$1" >"$dir/f.c"
	${CC:-gcc} -I. -shared -fPIC -o "$dir/f.so" "$dir/f.c"
}

fixture 0
check 'a library with only the mandatory members passes' passes "$dir/f.so"
"$readmostly" check "$dir/f.so" --ops 2000 >"$out" 2>&1
check 'the library is named by its path' contains "$out" "ok   $dir/f.so u64x8 model"
check 'a check that needs a measured loop is skipped with the reason' \
	contains "$out" 'drive: the map has no measured loop'
check 'a name without a slash is a file of this folder' \
	sh -c "cd '$dir' && '$readmostly' check f.so --quiet --only model --ops 1000 >/dev/null"
check 'a removal that leaves the key is found' caught 1 model 1
check 'a write that depends on an outdated check is found' caught 2 exchange 40
fixture 0 -DPROGRESS='"lock-free"'
"$readmostly" check "$dir/f.so" --quiet --only progress --ops 400000 >"$out" 2>&1
check 'a map with locks that claims to be lock-free is found' \
	contains "$out" 'f.so u64x8 progress: thread 0: the map claims to be lock-free'
fixture 2 -DFLAGS=1
check 'a map declared as single-writer gets one writer' passes "$dir/f.so"
fixture 0 -DFLAGS=2
check 'a map that is declared as slow to write passes' passes "$dir/f.so"
fixture 0 -DFLAGS=4
check 'an unknown flag is rejected' refuses "$dir/f.so" 'flags is 4, expected 0, 1 (one writer)'

check 'a missing file is reported in one line, with status 2' \
	refuses "$dir/none.so" 'No such file or directory, expected a shared library'
echo text >"$dir/text.so"
check 'a file that is not a library is rejected' refuses "$dir/text.so" 'truncated or no ELF file, '
source_of 'int nothing;'
check 'a library without the symbol is rejected' \
	refuses "$dir/f.so" 'no symbol rm_foreign_map, expected the table of readmostly.h; docs/guide/check-your-map.md'
head -c 9000 "$dir/f.so" >"$dir/cut.so"
check 'a truncated library is rejected, because loading it would end in SIGBUS' \
	refuses "$dir/cut.so" 'truncated or no ELF file, expected a shared library; build it again'
source_of '#include <stdlib.h>
__attribute__((constructor)) void start(void) { abort(); }'
check 'a constructor that aborts is reported' refuses "$dir/f.so" \
	'loading ended the process by signal 6 (Aborted)'
source_of '#include <stdlib.h>
__attribute__((constructor)) void start(void) { exit(0); }'
check 'a constructor that exits is reported' refuses "$dir/f.so" \
	'loading ended the process with status 0'
source_of '__attribute__((constructor)) void start(void) { for (;;); }'
check 'a constructor that does not end is reported' refuses "$dir/f.so" \
	'loading did not end in 1 s (--deadline)' --deadline 1
source_of 'const struct rm_foreign_map rm_foreign_map = { .version = 7 };'
check 'another version of the interface is rejected' refuses "$dir/f.so" 'version is 7, expected 1'
source_of 'const struct rm_foreign_map rm_foreign_map = { 1, 8 };'
check 'a table of functions that is too short is rejected' \
	refuses "$dir/f.so" 'size is 8, expected '
source_of 'const struct rm_foreign_map rm_foreign_map = { 1, sizeof(struct rm_foreign_map), "x", 1 };'
check 'a mandatory function that is null is rejected' \
	refuses "$dir/f.so" 'create is null, expected a function'
check 'the error for an unknown name explains how to name a library' \
	refuses nonsense 'a library by its path'
done_testing
