# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# stub_gate.sh - for tests of the programs that the gates build. Source it after tap.sh, with $dir
# and $build set. It sets $tree, a repository of this tree without objects, and `gate`, which runs
# one of its scripts with a stub of make (stub_make.sh). The stub's arguments are in $dir/log.
. tests/tools/clone_tree.sh
unset MAKEFLAGS MFLAGS MAKELEVEL MAPS HEAD BASE IMPL IMPL_FLAGS PLAN WORKLOAD NOTES GITHUB_ACTIONS
report/find_python.sh >/dev/null || exit 3
tree=$dir/tree
clone_sources "$tree"
mkdir -p "$dir/bin" "$dir/programs/plain"
cp tests/tools/stub_make.sh "$dir/bin/make"
played='gomap_rw hashtriemap shard_rw_32 shard_rw_64 shard_seg snapshot syncmap'
make -s BUILD="$build" NEEDED="$(printf 'plain/%s ' $played)" programs >/dev/null || exit 1
cp "$build/maps/names.tsv" "$dir/programs"
strip -o "$dir/programs/readmostly" "$build/readmostly" || exit 1
for map in $played; do
	strip -o "$dir/programs/plain/$map" "$build/maps/plain/$map" &&
		cp "$build/maps/plain/$map.json" "$dir/programs/plain" || exit 1
done
export PLAYED=$dir/programs PLAYED_LOG=$dir/log

gate() { # NAME SCRIPT ARGUMENTS: sets status; leaves $dir/NAME, NAME.err
	local name=$1; shift
	(cd "$tree" && PATH=$dir/bin:$PATH CC=gcc BUILD=build/gcc CHECK='--ops 20 --only model' "$@") \
		>"$dir/$name" 2>"$dir/$name.err"
	status=$?
	sed 's/^/# /' "$dir/$name" "$dir/$name.err" | cut -c1-300
}
