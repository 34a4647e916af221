#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A build in another folder, or of sources whose folder name contains a blank, finds the same
# libraries and languages as any other. It omits no map whose dependencies are installed.
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
check "libraries next to the sources are found" grep -q '^libraries .*-lhwloc' "$dir/here"
mv "$dir/plain" "$tree"
rm -rf "$tree/build"
list_maps_and_libraries "$tree" >"$dir/blank"
check "a blank in the folder name changes nothing" diff "$dir/here" "$dir/blank"
caches() { printf '%s\n' "$1/go-path" "$1/go-cache" | diff - "$dir/caches"; } # FOLDER
check "the caches of Go are next to the sources" caches "$tree/build"
rm -rf "$tree/build"
echo 'no folder can be made here' >"$tree/build"
list_maps_and_libraries "$tree" BUILD="$dir/build" >"$dir/elsewhere"
check "nor does a read-only folder of sources" diff "$dir/here" "$dir/elsewhere"
check "the caches of Go follow BUILD" caches "$dir/build"
done_testing
