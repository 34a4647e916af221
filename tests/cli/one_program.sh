#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# If one map is edited, only the bytes of its program change.
# slow: over five seconds of CPU time; not part of `make check`.
. tests/tools/tap.sh
. tests/tools/clone_tree.sh
build=${BUILD:-build/gcc}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL
export CCACHE_DISABLE=1 # ccache may return objects whose debug information names another folder
clone_tree "$dir/tree"
edited() { (cd "$dir/tree" && "$@" impls/gomap/gomap_rw.c runner/trial/team.c); }
edited touch # otherwise objects may name another folder, too
maps='gomap_mutex gomap_rw hashtriemap null_map shard_rw_32 shard_seg slab snapshot std_mutex syncmap'
hashes() { # FILE: writes the hash of each program after a build
	(cd "$dir/tree" && make -s CC="$(cut -d' ' -f1 "$build/flags")" BUILD="$build" \
		NEEDED="$(printf 'plain/%s ' $maps)" programs >"$dir/made" 2>&1 &&
		cd "$build/maps/plain" && sha256sum $maps) >"$1" || sed 's/^/# /' "$dir/made"
}
changed() { diff "$dir/before" "$dir/after" | sed -n 's/^> [^ ]*  //p' | paste -sd' '; }

hashes "$dir/before"
check "ten programs of maps are built" [ "$(grep -c . "$dir/before")" = 10 ]
edited touch
hashes "$dir/after"
check "a second build makes equal programs" [ "$(changed)" = '' ]
echo '__attribute__((used)) static int planted(int n) { return n * n; }' >>"$dir/tree/impls/gomap/gomap_rw.c"
hashes "$dir/after"
check "an edit of a map changes only its program" [ "$(changed)" = gomap_rw ]
echo 'int planted_too(int n); int planted_too(int n) { return n * n; }' >>"$dir/tree/runner/trial/team.c"
hashes "$dir/after"
check "an edit of the trial code changes all ten" [ "$(changed | wc -w)" = 10 ]
done_testing
