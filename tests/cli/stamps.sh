#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What was compiled otherwise than it would be now is compiled again: by another
# version of a compiler, with other flags of a map from outside, of the stats or of
# the simulated maps. What is the same is not. Compilers are played: they note what
# they are asked for, and hand it on.
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
make_() { # ARGUMENTS: leaves in $dir/compiled what was compiled
	: >"$dir/compiled"
	make -s CC="$dir/gcc" CXX="$dir/g++" BUILD="$dir/b" OPT=-O0 "$@" >"$dir/said" 2>&1 ||
		{ sed 's/^/# /' "$dir/said"; return 1; }
}
compiled() { # FILE...: those and no other
	[ "$(sort -u "$dir/compiled" | paste -sd' ')" = "$*" ] || { sed 's/^/# compiled: /' "$dir/compiled"; return 1; }
}
objects=("$dir/b/$plain.o" "$dir/b/stats/$plain.o" "$dir/b/sim/$plain.s")
sources=$plain.c
g++ -std=gnu++2b -E -x c++ /dev/null >/dev/null 2>&1 && objects+=("$dir/b/$cxx.o") sources="$sources $cxx.cc"

check "objects are made" make_ "${objects[@]}"
check "of each source" compiled $sources
make_ "${objects[@]}"
check "the same again makes none" compiled
echo "gcc 12.2.0-14+deb12u1" >"$dir/version"
make_ "${objects[@]}"
check "another version of the compiler makes all again" compiled $sources
make_ "${objects[@]}" STATS_FLAGS='-DRM_STATS -DRM_CALLED -DX'
check "other flags of the stats make theirs again" [ "$(cat "$dir/compiled")" = $plain.c ]
make_ "${objects[@]}" STATS_FLAGS='-DRM_STATS -DRM_CALLED -DX'
check "once" compiled
make_ "${objects[@]}" STATS_FLAGS='-DRM_STATS -DRM_CALLED -DX' SIM_FLAGS='-O2 -fsanitize=thread -include runner/sim/guest/relax.h'
check "other flags of the simulated maps theirs" [ "$(cat "$dir/compiled")" = $plain.c ]

# A map from outside, native and simulated, beside one of the tree.
theirs() { # FLAGS
	make_ IMPL="$dir/their_map.c" IMPL_FLAGS="$1" "$dir/b/$dir/their_map.o" "$dir/b/sim/$dir/their_map.s" "$dir/b/$plain.o"
}
both() { [ "$(grep -cx "$dir/their_map.c" "$dir/compiled")" = 2 ] && [ "$(wc -l <"$dir/compiled")" = 2 ]; }
theirs '-DA'
check "a map from outside is made, native and simulated" both
theirs '-DA'
check "with the same flags it is not made again" compiled
theirs "-DB -DNAME='\"b c\"'"
check "with others it is" both
theirs '-DA'
check "and with those of before" both

# The library of the map `interpose`: a lock that it includes.
library=$dir/out/libreadmostly_map.so
mkdir "$dir/out"
make_ OUT="$dir/out" "$library"
check "the library of a map is made" compiled impls/interposed/library/map.c
make_ OUT="$dir/out" "$library"
check "and not again" compiled
make_ OUT="$dir/out" -W impls/support/go_rwmutex.h "$library"
check "but where a lock was edited that it has" compiled impls/interposed/library/map.c
done_testing
