#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A newcomer's first map and first workload: one file each, no other edited.
. tests/tap.sh
build=${BUILD:-build/gcc}
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
id=my_first_map
before=$(git status --porcelain -- impls Makefile workloads 2>/dev/null)

# Exactly what docs/adding-a-map.md says, but out of the tree.
sed "s/rwlock_probe/$id/g" impls/rwlock_probe.c >"$dir/$id.c"
check "docs/adding-a-map.md says how" \
	grep -q "sed -i 's/rwlock_probe/my_map/g' impls/my_map.c" docs/adding-a-map.md
tests/with_impl.sh "$dir/build" "$dir/$id.c" >"$out" 2>&1
check "a copy of the example map builds" [ $? = 0 ]
readmostly=$dir/build/readmostly

"$readmostly" list >"$out" 2>&1
check "it is listed" grep -q "^$id " "$out"
"$readmostly" list --json >"$out" 2>&1
check "also for programs" grep -q "\"id\": \"$id\"" "$out"
"$readmostly" check $id --ops 20000 >"$out" 2>&1
check "it is checked and right" [ $? = 0 ]
check "in all four shapes" [ "$(grep -c "^ok .* model$" "$out")" = 4 ]
object=$(find "$dir/build" -name "$id.o")
tests/check_dispatch.py --build "$dir/build" "$object" >"$out" 2>&1
check "it has no dispatch in its loops" grep -q "^ok 1 - $id" "$out"

cat >"$dir/my-mix.conf" <<END
# A newcomer's mix. Why: to see that a workload is one file.
writes     = 10%
write-kind = churn
keys       = 500
shape      = u64x8
threads    = 1
warm-up    = 1ms
window     = 5ms
deadline   = 20s
blocks     = 2
verify     = 1kops
maps       = $id null_map
measure    = throughput
END
stamp=$(stat -c %Y "$readmostly")
"$readmostly" plan --cells "$dir/my-mix.conf" >"$out" 2>&1
check "a new workload is planned" grep -q "$id" "$out"
"$readmostly" run "$dir/my-mix.conf" -o "$dir/campaign" --counters none \
	>"$out" 2>&1
check "and run" [ $? = 0 ]
check "without a build" [ "$(stat -c %Y "$readmostly")" = "$stamp" ]
check "the new map is measured in it" grep -q \
	"my-mix/$id/u64x8.*\"status\": *\"ok\"" "$dir/campaign/trials.jsonl"
check "and no file of the tree was touched" \
	[ "$(git status --porcelain -- impls Makefile workloads 2>/dev/null)" = "$before" ]
done_testing
