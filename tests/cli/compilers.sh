#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Both compilers build everything without a warning, and keep the floor.
# slow: minutes of CPU time; not part of `make check`.
. tests/tools/tap.sh
unset MAKEFLAGS MFLAGS MAKELEVEL SANITIZE
out=$(mktemp) && trap 'rm -f "$out"' EXIT

# The build under test is one of the two; clang's is also maps_dispatch.sh's.
folder() { # COMPILER
	own=${BUILD:-build/gcc}
	grep -q "^$1 " "$own/flags" && echo "$own" || echo "build/$1"
}

# The other compiler's stats and simulated maps run nowhere. clang says the same
# of them without an object: that its programs link, one map in each shows. gcc
# has to make the objects; without optimising it takes a sixth of the time.
side() { # COMPILER: what make is told
	[ "$(folder "$1")" = "${BUILD:-build/gcc}" ] && return
	echo SIDE_OPT=-O0
	[ "$1" = gcc ] || echo "OUT=$(out_of "$1") STATS_MAPS=gomap_rw SIM_MAPS=gomap_rw side-warnings"
}
out_of() { # COMPILER: where its programs are
	[ "$1" = gcc ] || [ "$(folder "$1")" = "${BUILD:-build/gcc}" ] &&
		folder "$1" || echo "$(folder "$1")/compilers"
}

# Nobody debugs what the other compiler made: the machine code is the same, in
# five sixths of clang's time. A folder that somebody made otherwise stays so.
opt() { # FOLDER
	[ -e "$1/flags" ] && ! grep -q -- '-O2 -falign' "$1/flags" || echo OPT=-O2
}

# Each object has what the compiler warned of beside it, so that what is built
# already need not be built again with -Werror.
builds() { # COMPILER
	mkdir -p "$(folder "$1")"
	# shellcheck disable=SC2046
	flock "$(folder "$1")" make -j"$(nproc)" CC="$1" BUILD="$(folder "$1")" \
		$(opt "$(folder "$1")") all $(side "$1") >"$out" 2>&1 ||
		{ grep -E 'rror|warning' "$out" | grep -v ' CC ' | head -n 6 | sed 's/^/# /'; return 1; }
	warned=$(find "$(folder "$1")" -name '*.warned' -size +0)
	[ -z "$warned" ] ||
		{ head -n 5 $warned | cut -c1-300 | sed 's/^/# /'; return 1; }
	[ "$(find "$(folder "$1")" -name '*.warned' | wc -l)" -gt 400 ]
}

for cc in gcc clang; do
	check "$cc builds everything without a warning" builds $cc
	check "$cc keeps the driver's floor" \
		sh -c "tests/tools/floor.sh $(out_of $cc)/readmostly check >'$out' ||
			{ sed 's/^/# /' '$out'; false; }"
	grep -q '# SKIP' "$out" &&
		skip "$cc: as many instructions as recorded" "$(sed -n 's/.*# SKIP //p' "$out" | head -n 1)"
done
done_testing
