#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A build in another folder, or in a folder whose name contains a blank, finds the same libraries
# and languages and builds the same maps. With SOURCE_DATE_EPOCH, its files have the same bytes.
# slow: make reads three trees.
. tests/tools/tap.sh
. tests/tools/clone_tree.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL IMPL HIDE BUILD
cat >"$dir/ask.mk" <<'END'
.PHONY: ask
ask:
	@printf '%s\n' 'maps $(words $(BUILT)) $(ALL_IDS)' 'libraries $(LDLIBS)'
	@$(GO_HERE) sh -c 'printf "%s\n" "$$GOPATH" "$$GOCACHE" >$(DIR)/caches'
END
list_maps_and_libraries() { # FOLDER ARGUMENTS: prints the maps and libraries of a make in the folder
	make --no-print-directory DIR="$dir" -C "$1" -f Makefile -f "$dir/ask.mk" ask "${@:2}" 2>&1
}
tree="$dir/with a blank"
clone_sources "$dir/plain"
list_maps_and_libraries "$dir/plain" >"$dir/here"
objects='build/o/runner/main.o build/o/build_mark.o build/o/sim/runner/sim/guest/mutex.o'
# shellcheck disable=SC2086 # words
digests() { CCACHE_DISABLE=1 SOURCE_DATE_EPOCH=1 make -s -C "$1" BUILD=build/o $objects >&2 && (cd "$1" && sha256sum $objects); }
digests "$dir/plain" >"$dir/bytes"
check "libraries next to the sources are found" grep -q '^libraries .*-lhwloc' "$dir/here"
mv "$dir/plain" "$tree"
rm -rf "$tree/build"
list_maps_and_libraries "$tree" >"$dir/blank"
check "a blank in the folder name changes nothing" diff "$dir/here" "$dir/blank"
same_bytes() { digests "$tree" | diff "$dir/bytes" - && [ "$(wc -l <"$dir/bytes")" = 3 ]; }
check "with SOURCE_DATE_EPOCH another folder gives the same bytes" same_bytes
caches() { printf '%s\n' "$1/go-path" "$1/go-cache" | diff - "$dir/caches"; } # FOLDER
check "the caches of Go are next to the sources" caches "$tree/build"
rm -rf "$tree/build"
echo 'no folder can be made here' >"$tree/build"
list_maps_and_libraries "$tree" BUILD="$dir/build" >"$dir/elsewhere"
check "a read-only folder of sources changes nothing" diff "$dir/here" "$dir/elsewhere"
check "the caches of Go follow BUILD" caches "$dir/build"
done_testing
