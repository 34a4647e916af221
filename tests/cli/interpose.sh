#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A cache that is loaded before the library of `interpose`: right with
# invalidation by writes, and caught without.
# slow: over ten seconds of CPU time.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
needs check/interpose libreadmostly_cache.so libreadmostly_cache_stale.so
build=$(cd "${BUILD:-build/gcc}" && pwd) || exit 1
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT

run() { # LIBRARY CHECK SEED
	LD_PRELOAD=$1 "$build/readmostly" check interpose --only "$2" \
		--ops 20000 --seed "$3" --quiet --deadline 600 >"$out" 2>&1
}

right() { # LIBRARY CHECK
	run "$1" "$2" 1 || { sed 's/^/# /' "$out"; false; }
}

caught() { # CHECK: with each of 20 seeds
	for seed in $(seq 20); do
		run "$build/libreadmostly_cache_stale.so" "$1" "$seed"
		[ $? = 1 ] && says "$out" "FAIL interpose u64x8 $1" || return 1
	done
}

names() { # FILE NAME: a symbol that the loader finds
	nm -D --defined-only "$1" | grep -q " T $2\$"
}

if ldd "$build/readmostly" | grep -q 'lib[at]san'; then
	echo "1..0 # SKIP a sanitizer must be the first library"
	exit 0
fi
for library in map cache cache_stale; do
	check "libreadmostly_$library.so defines the look-up" \
		names "$build/libreadmostly_$library.so" rm_interposed_lookup
done
for test in model readers exchange upsert owner growth litmus histories; do
	check "without a cache: $test" right "" "$test"
	check "with a cache that writes invalidate: $test" \
		right "$build/libreadmostly_cache.so" "$test"
done
check 'without invalidation the model shows it, 20 times of 20' caught model
check 'and so do readers of their own writes' caught owner
done_testing
