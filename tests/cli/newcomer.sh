#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first map and the first workload of a new user are one new file each. No other file is edited.
# slow: over five seconds of CPU time; not part of `make check`.
. tests/tools/tap.sh
build=${BUILD:-build/gcc}
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
id=my_first_map
before=$(git status --porcelain -- impls Makefile workloads 2>/dev/null)

# Follows the steps of docs/guide/your-map.md.
sed "s/rwlock_probe/$id/g" impls/bound/rwlock_probe.c >"$dir/$id.c"
check "docs/guide/your-map.md has this command" \
	grep -q "sed -i 's/rwlock_probe/my_map/g' my_map.c" docs/guide/your-map.md
make -s BUILD="$build" OUT="$dir/build" IMPL="$dir/$id.c" NEEDED="plain/$id check/$id plain/null_map" \
	programs >"$out" 2>&1
check "a copy of the example map builds" [ $? = 0 ]
readmostly=$dir/build/readmostly

"$readmostly" dev list >"$out" 2>&1
check "dev list prints the new map" grep -q "^$id " "$out"
"$readmostly" dev list --json >"$out" 2>&1
check "dev list --json prints the new map" grep -q "\"id\": \"$id\"" "$out"
"$readmostly" check $id --ops 20000 >"$out" 2>&1
check "the new map passes check" [ $? = 0 ]
check "check runs the new map with all four shapes" [ "$(grep -c "^ok .* model$" "$out")" = 4 ]
object=$build$dir/$id.o
tests/tools/check_dispatch.py --build "$build" "$object" >"$out" 2>&1
check "the loops of the new map have no dispatch" grep -q "^ok 1 - $id" "$out"
rm -r "$build$dir"

cat >"$dir/my-mix.conf" <<END
# A newcomer's mix. Why: to test that a workload is one file.
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
check "the new workload is run" [ $? = 0 ]
check "the run needs no new build" [ "$(stat -c %Y "$readmostly")" = "$stamp" ]
check "the campaign measures the new map" grep -q \
	"my-mix/$id/u64x8.*\"status\": *\"ok\"" "$dir/campaign/trials.jsonl"

# Uses the example adapters for readmostly.h without changes. One of them has string keys. The error
# for a map without long values names the missing shape.
cp examples/c/chained.c "$dir/c_adapter.c"
cp examples/cpp/unordered_map.cc "$dir/cxx_adapter.cc"
sed 's/their_map/no_sizes/g; /value_/d' examples/peer/their_map.cc >"$dir/no_sizes.cc"
make -s BUILD="$build" OUT="$dir/build" IMPL="$dir/c_adapter.c $dir/cxx_adapter.cc $dir/no_sizes.cc" \
	IMPL_FLAGS='-DKEY=std::string -O1 -DRM_OUT_OF_LINE' \
	NEEDED='plain/c_adapter plain/cxx_adapter x24/cxx_adapter plain/no_sizes' programs >"$out" 2>&1
check "adapters build" [ $? = 0 ]
measured() { # MAP SHAPE
	"$readmostly" run "$dir/my-mix.conf" --set "shape=$2" --set "maps=$1" -o "$dir/$1-$2" --busy-ok >"$out" 2>&1 &&
		grep -q "my-mix/$1/$2.*\"status\": *\"ok\"" "$dir/$1-$2/trials.jsonl"
}
check "an adapter in C is measured" measured c_adapter u64x8
check "an adapter in C++ is measured with string keys" measured cxx_adapter str16x8
check "the adapter in C++ is measured with long string keys" measured cxx_adapter str32x8
"$readmostly" dev list >"$out" 2>&1
check "dev list prints that operations are calls" grep -q '^c_adapter .*each operation a call' "$out"
check "dev list prints the sizes of keys and values" \
	grep -q 'sizes  *keys of 16, 32 and 64 bytes, values of up to 8 bytes$' "$out"
"$readmostly" plan --set shape=str32x8 --set maps=no_sizes "$dir/my-mix.conf" >"$out" 2>&1
check "a map without sizes names the member that it lacks" \
	grep -q 'not offered by this map: its rm_impl lacks .value_most' "$out"
make -s BUILD="$build" OUT="$dir/build" NEEDED=plain/null_map programs >/dev/null 2>&1
"$readmostly" run --needs --set shape=str32x8 --set "maps=cxx_adapter no_sizes" "$dir/my-mix.conf" >"$out" 2>&1
check "run --needs remembers own maps, and omits programs that they do not offer" \
	[ "$(paste -sd' ' "$out")" = "plain/cxx_adapter x24/cxx_adapter plain/no_sizes" ]
rm -r "$build$dir" "$build/x24$dir"

# Runs `make bench` in a copy of the tree, which is a separate repository. The runs stop before maps
# are built.
tree=$dir/tree
mkdir "$tree"
git ls-files -z | xargs -0 cp -p --parents -t "$tree"
find "$build" \( -path "$build/runner/*.[od]" -o -path "$build/impls/*.[od]" \
	-o -name flags \) -exec cp -p --parents -t "$tree" {} +
in_tree() { env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -C "$tree" "$@"; }
bench_plan() { # WORDS...: each is in a line of the dry run
	BENCH_DRY=1 in_tree make bench ${set:-MODE=smoke} BUILD="$build" >"$out" 2>&1 ||
		{ sed 's/^/# /' "$out"; return 1; }
	for words in "$@"; do contains "$out" "$words" || return 1; done
}
in_tree git init -q
in_tree git add -A
in_tree git -c user.name=n -c user.email=n@n commit -qm 'all of it'
check "in a clean tree make bench measures the maps of its mode" \
	bench_plan "built for mode smoke: ck_ht " " gomap gomap_mutex "
IMPL=$dir/$id.c check "make bench measures a named map from outside of the tree" \
	bench_plan "touched: $id" " $id "
IMPL=$dir/$id.c MAPS=$id,slab check "and only once if MAPS names it, too" \
	bench_plan "touched: $id slab"
cp "$dir/$id.c" "$tree/impls/bound/"
check "make bench measures a new map in the tree" \
	bench_plan "touched: $id" " $id "
in_tree make BUILD="$build" OUT="$build/one" NEEDED="plain/$id plain/gomap_rw plain/null_map" \
	programs >"$out" 2>&1
check "make bench compiles only the new map" \
	[ "$(grep -o "$build/impls/.*" "$out")" = "$build/impls/bound/$id.o" ]
check "the other programs are still present" \
	[ "$(in_tree "$build/one/readmostly" dev list --ids | sort | xargs)" = "gomap_rw $id null_map" ]
in_tree "$build/one/readmostly" run --mode smoke >"$out" 2>&1
check "a run without the program of a required map is status 2" \
	[ $? = 2 ]
check "the error names the program that is not built" contains "$out" "is not built"
check "dev list prints which maps are not built" sh -c \
	"'$tree/$build/one/readmostly' dev list | grep -q '^ck_ht  *not built (make)'"
rm "$tree/impls/bound/$id.c"
echo '/* a change */' >>"$tree/impls/snapshot/snapshot_batch.h"
check "a changed header marks the maps of its family that include it as touched" \
	bench_plan "touched: snapshot_batch"
set=SET=articles check "a set without the touched maps prints a note and measures" \
	bench_plan "set articles, mode quick does not measure new and changed maps" ": snapshot_batch" \
	"built for set articles, mode quick: "
MINUTES=2 check "bench prints the time that it takes instead of MINUTES" bench_plan "MINUTES=2 is not kept" " 210s, after"
MAPS=ck_ht,slab check "MAPS adds any map" bench_plan "touched: snapshot_batch ck_ht slab" " slab "
MAPS=no_such check "an unknown name is rejected" sh -c \
	"! BENCH_DRY=1 make -C '$tree' bench BUILD='$build' >'$out' 2>&1 && grep -q 'no map is called \"no_such\"' '$out'"
"$readmostly" run --mode quick --needs >"$out" 2>&1
check "simulated cells need simulated programs" contains "$out" "sim/snapshot"
"$readmostly" run --mode smoke --needs >"$out" 2>&1
check "mode smoke, which shows stored counts, needs no simulated program" sh -c \
	"grep -q '^plain/snapshot' '$out' && ! grep -q '^sim/' '$out'"
check "no file of the tree changed" \
	[ "$(git status --porcelain -- impls Makefile workloads 2>/dev/null)" = "$before" ]
done_testing
