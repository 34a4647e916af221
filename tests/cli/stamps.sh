#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Objects are compiled again after a change of the compiler version, of the flags of an external
# map, of stats or of simulated maps, and only then. Fake compilers log their source files and call
# the real ones.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL IMPL IMPL_FLAGS OUT
for compiler in gcc g++; do
	cat >"$dir/$compiler" <<END
#!/bin/sh
case " \$* " in
*' --version '*) cat "$dir/version" ;;
*' -c '* | *' -S '* | *' -shared '*) for name; do :; done; echo "\$name" >>"$dir/compiled"; exec $compiler "\$@" ;;
*) exec $compiler "\$@" ;;
esac
END
	chmod +x "$dir/$compiler"
done
echo "gcc 12.2.0-14" >"$dir/version"
sed 's/rwlock_probe/their_map/g' impls/bound/rwlock_probe.c >"$dir/their_map.c"
plain=impls/bound/null_map cxx=impls/lib/std_mutex
make_() { # ARGUMENTS: writes the compiled files to $dir/compiled
	: >"$dir/compiled"
	make -s CC="$dir/gcc" CXX="$dir/g++" BUILD="$dir/b" OPT=-O0 "$@" >"$dir/output" 2>&1 ||
		{ sed 's/^/# /' "$dir/output"; return 1; }
}
compiled() { # FILE...: true if exactly these files were compiled
	[ "$(sort -u "$dir/compiled" | paste -sd' ')" = "$*" ] || { sed 's/^/# compiled: /' "$dir/compiled"; return 1; }
}
objects=("$dir/b/$plain.o" "$dir/b/stats/$plain.o" "$dir/b/sim/$plain.s")
sources=$plain.c
g++ -std=gnu++2b -E -x c++ /dev/null >/dev/null 2>&1 && objects+=("$dir/b/$cxx.o") sources="$sources $cxx.cc"

check "objects are built" make_ "${objects[@]}"
check "each source is compiled" compiled $sources
make_ "${objects[@]}"
check "a second make compiles no object" compiled
echo "gcc 12.2.0-14+deb12u1" >"$dir/version"
make_ "${objects[@]}"
check "another version of the compiler compiles all objects again" compiled $sources
make_ "${objects[@]}" STATS_FLAGS='-DRM_STATS -DRM_OUT_OF_LINE -DX'
check "other STATS_FLAGS compile the stats objects again" [ "$(cat "$dir/compiled")" = $plain.c ]
make_ "${objects[@]}" STATS_FLAGS='-DRM_STATS -DRM_OUT_OF_LINE -DX'
check "stats objects are compiled only once" compiled
make_ "${objects[@]}" STATS_FLAGS='-DRM_STATS -DRM_OUT_OF_LINE -DX' SIM_FLAGS='-O2 -fsanitize=thread -include runner/sim/guest/relax.h'
check "other SIM_FLAGS compile the simulated objects again" [ "$(cat "$dir/compiled")" = $plain.c ]

# Builds a map outside of the tree, native and simulated, together with a map of the tree.
make_external() { # FLAGS
	make_ IMPL="$dir/their_map.c" IMPL_FLAGS="$1" "$dir/b/$dir/their_map.o" "$dir/b/sim/$dir/their_map.s" "$dir/b/$plain.o"
}
both_compiled() { [ "$(grep -cx "$dir/their_map.c" "$dir/compiled")" = 2 ] && [ "$(wc -l <"$dir/compiled")" = 2 ]; }
make_external '-DA'
check "an external map is built, native and simulated" both_compiled
make_external '-DA'
check "with the same flags the external map is not compiled again" compiled
make_external "-DB -DNAME='\"b c\"'"
check "with other flags the external map is compiled again" both_compiled
make_external '-DA'
check "with the earlier flags the external map is compiled again" both_compiled

# The library for the map `interpose`, which includes the code of a lock.
library=$dir/out/libreadmostly_map.so
mkdir "$dir/out"
make_ OUT="$dir/out" "$library"
check "the library of a map is built" compiled impls/interposed/library/map.c
make_ OUT="$dir/out" "$library"
check "the library is not built again" compiled
make_ OUT="$dir/out" -W impls/support/go_rwmutex.h "$library"
check "a change of the lock builds the library again" compiled impls/interposed/library/map.c
done_testing
