#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Preloads a cache in front of the library of `interpose`. All checks pass if writes invalidate the
# cache, and fail otherwise.
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

passes() { # LIBRARY CHECK
	run "$1" "$2" 1 || { sed 's/^/# /' "$out"; false; }
}

caught() { # CHECK: the check fails with each of 20 seeds
	for seed in $(seq 20); do
		run "$build/libreadmostly_cache_stale.so" "$1" "$seed"
		[ $? = 1 ] && contains "$out" "FAIL interpose u64x8 $1" || return 1
	done
}

names() { # FILE NAME: the library exports the symbol
	nm -D --defined-only "$1" | grep -q " T $2\$"
}

if ldd "$build/readmostly" | grep -q 'lib[at]san'; then
	echo "1..0 # SKIP a sanitizer must be the first library"
	exit 0
fi
for library in map cache cache_stale; do
	check "libreadmostly_$library.so defines the lookup" \
		names "$build/libreadmostly_$library.so" rm_interposed_lookup
done
for test in model readers exchange upsert owner growth litmus histories; do
	check "without a cache: $test" passes "" "$test"
	check "with a cache invalidated by writes: $test" \
		passes "$build/libreadmostly_cache.so" "$test"
done
check 'without invalidation, the check model fails for 20 of 20 seeds' caught model
check 'without invalidation, the check owner (reads of own writes) fails' caught owner
done_testing
