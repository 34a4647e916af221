#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A build whose folder is elsewhere, or whose sources' folder has a blank in its
# name, knows the same libraries and languages as any other: no map is left out for
# what is installed.
# slow: makes read three trees.
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
known() { # FOLDER ARGUMENTS: what a make there would build and link
	make --no-print-directory DIR="$dir" -C "$1" -f Makefile -f "$dir/ask.mk" ask "${@:2}" 2>&1
}
tree="$dir/with a blank"
clone_sources "$dir/plain"
known "$dir/plain" >"$dir/here"
check "libraries are found beside the sources" grep -q '^libraries .*-lhwloc' "$dir/here"
mv "$dir/plain" "$tree"
rm -rf "$tree/build"
known "$tree" >"$dir/blank"
check "a blank in the folder's name changes nothing" diff "$dir/here" "$dir/blank"
caches() { printf '%s\n' "$1/go-path" "$1/go-cache" | diff - "$dir/caches"; } # FOLDER
check "what Go keeps is beside the sources" caches "$tree/build"
rm -rf "$tree/build"
echo 'no folder can be made here' >"$tree/build"
known "$tree" BUILD="$dir/build" >"$dir/elsewhere"
check "nor do sources beside which nothing can be written" diff "$dir/here" "$dir/elsewhere"
check "what Go keeps is elsewhere, too" caches "$dir/build"
done_testing
