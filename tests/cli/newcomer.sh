#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A newcomer's first map and first workload: one file each, no other edited.
# slow: over five seconds of CPU time; not part of `make check`.
. tests/tools/tap.sh
build=${BUILD:-build/gcc}
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
id=my_first_map
before=$(git status --porcelain -- impls Makefile workloads 2>/dev/null)

# As docs/guide/your-map.md describes.
sed "s/rwlock_probe/$id/g" impls/bound/rwlock_probe.c >"$dir/$id.c"
check "docs/guide/your-map.md has this command" \
	grep -q "sed -i 's/rwlock_probe/my_map/g' my_map.c" docs/guide/your-map.md
make -s BUILD="$build" OUT="$dir/build" IMPL="$dir/$id.c" NEEDED="plain/$id check/$id plain/null_map" \
	programs >"$out" 2>&1
check "a copy of the example map builds" [ $? = 0 ]
readmostly=$dir/build/readmostly

"$readmostly" dev list >"$out" 2>&1
check "it is listed" grep -q "^$id " "$out"
"$readmostly" dev list --json >"$out" 2>&1
check "also for programs" grep -q "\"id\": \"$id\"" "$out"
"$readmostly" check $id --ops 20000 >"$out" 2>&1
check "it is checked and right" [ $? = 0 ]
check "in all four shapes" [ "$(grep -c "^ok .* model$" "$out")" = 4 ]
object=$build$dir/$id.o
tests/tools/check_dispatch.py --build "$build" "$object" >"$out" 2>&1
check "it has no dispatch in its loops" grep -q "^ok 1 - $id" "$out"
rm -r "$build$dir"

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

# `make bench` in a copy of the tree, as a repository of its own; up to where
# it would build the maps.
tree=$dir/tree
mkdir "$tree"
git ls-files -z | xargs -0 cp -p --parents -t "$tree"
find "$build" \( -path "$build/runner/*.[od]" -o -path "$build/impls/*.[od]" \
	-o -name flags \) -exec cp -p --parents -t "$tree" {} +
in_tree() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -C "$tree" "$@"; }
bench_plan() { # WORDS...: of the dry run, each in a line of its own
	BENCH_DRY=1 in_tree make bench ${set:-MODE=smoke} BUILD="$build" >"$out" 2>&1 ||
		{ sed 's/^/# /' "$out"; return 1; }
	for words in "$@"; do says "$out" "$words" || return 1; done
}
in_tree git init -q
in_tree git add -A
in_tree git -c user.name=n -c user.email=n@n commit -qm 'all of it'
check "in a clean tree make bench measures its mode" \
	bench_plan "built for mode smoke: ck_ht " " gomap gomap_mutex "
IMPL=$dir/$id.c check "a map from outside the tree is measured by make bench, named" \
	bench_plan "touched: $id" " $id "
IMPL=$dir/$id.c MAPS=$id,slab check "once, though MAPS names it, too" \
	bench_plan "touched: $id slab"
cp "$dir/$id.c" "$tree/impls/bound/"
check "a new map is measured by make bench, named" \
	bench_plan "touched: $id" " $id "
in_tree make BUILD="$build" OUT="$build/one" NEEDED="plain/$id plain/gomap_rw plain/null_map" \
	programs >"$out" 2>&1
check "and is the only one to be compiled" \
	[ "$(grep -o "$build/impls/.*" "$out")" = "$build/impls/bound/$id.o" ]
check "beside the others" \
	[ "$(in_tree "$build/one/readmostly" dev list --ids | sort | xargs)" = "gomap_rw $id null_map" ]
in_tree "$build/one/readmostly" run --mode smoke >"$out" 2>&1
check "without the program of a map that is wanted readmostly refuses to run" \
	[ $? = 2 ]
check "and says so" says "$out" "is not built"
check "it lists what is not built" sh -c \
	"'$tree/$build/one/readmostly' dev list | grep -q '^ck_ht  *not built (make)'"
rm "$tree/impls/bound/$id.c"
echo '/* a change */' >>"$tree/impls/snapshot/snapshot_batch.h"
check "a changed header touches the maps of its family that include it" \
	bench_plan "touched: snapshot_batch"
set=SET=articles check "a set that measures no touched map says so, and measures" \
	bench_plan "set articles, mode quick does not measure new and changed maps" ": snapshot_batch" \
	"built for set articles, mode quick: "
MAPS=ck_ht,slab check "MAPS adds any" bench_plan "touched: snapshot_batch ck_ht slab" " slab "
MAPS=no_such check "a name that no map has is refused" sh -c \
	"! BENCH_DRY=1 make -C '$tree' bench BUILD='$build' >'$out' 2>&1 && grep -q 'no map is called \"no_such\"' '$out'"
"$readmostly" run --mode quick --needs >"$out" 2>&1
check "simulated cells need simulated programs" says "$out" "sim/snapshot"
"$readmostly" run --mode smoke --needs >"$out" 2>&1
check "smoke, which shows stored counts, does not" sh -c \
	"grep -q '^plain/snapshot' '$out' && ! grep -q '^sim/' '$out'"
check "and no file of the tree was touched" \
	[ "$(git status --porcelain -- impls Makefile workloads 2>/dev/null)" = "$before" ]
done_testing
