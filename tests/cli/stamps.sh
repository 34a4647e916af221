#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Objects are recompiled after a change of the compiler version, or of the flags of an external map,
# of stats or of simulated maps, and only then. Fake compilers log their source files and call the
# real ones.
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
check "from each source" compiled $sources
make_ "${objects[@]}"
check "a second make builds none" compiled
echo "gcc 12.2.0-14+deb12u1" >"$dir/version"
make_ "${objects[@]}"
check "another version of the compiler rebuilds all" compiled $sources
make_ "${objects[@]}" STATS_FLAGS='-DRM_STATS -DRM_OUT_OF_LINE -DX'
check "other STATS_FLAGS rebuild stats objects" [ "$(cat "$dir/compiled")" = $plain.c ]
make_ "${objects[@]}" STATS_FLAGS='-DRM_STATS -DRM_OUT_OF_LINE -DX'
check "only once" compiled
make_ "${objects[@]}" STATS_FLAGS='-DRM_STATS -DRM_OUT_OF_LINE -DX' SIM_FLAGS='-O2 -fsanitize=thread -include runner/sim/guest/relax.h'
check "other SIM_FLAGS rebuild simulated objects" [ "$(cat "$dir/compiled")" = $plain.c ]

# An external map, native and simulated, next to a map of the tree.
make_external() { # FLAGS
	make_ IMPL="$dir/their_map.c" IMPL_FLAGS="$1" "$dir/b/$dir/their_map.o" "$dir/b/sim/$dir/their_map.s" "$dir/b/$plain.o"
}
both_compiled() { [ "$(grep -cx "$dir/their_map.c" "$dir/compiled")" = 2 ] && [ "$(wc -l <"$dir/compiled")" = 2 ]; }
make_external '-DA'
check "an external map is built, native and simulated" both_compiled
make_external '-DA'
check "with the same flags it is not rebuilt" compiled
make_external "-DB -DNAME='\"b c\"'"
check "with other flags it is" both_compiled
make_external '-DA'
check "also with the earlier flags" both_compiled

# The library of the map `interpose`, which includes a lock.
library=$dir/out/libreadmostly_map.so
mkdir "$dir/out"
make_ OUT="$dir/out" "$library"
check "the library of a map is built" compiled impls/interposed/library/map.c
make_ OUT="$dir/out" "$library"
check "and not rebuilt" compiled
make_ OUT="$dir/out" -W impls/support/go_rwmutex.h "$library"
check "unless its lock changed" compiled impls/interposed/library/map.c
done_testing
