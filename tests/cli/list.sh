#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `readmostly dev list`: what maps offer, for people and for programs.
. tests/tools/tap.sh
needs plain/gomap_rw plain/null_map plain/ck_ht plain/urcu_lfht plain/gomap_str_rw plain/barrier_cas
readmostly=${BUILD:-build/gcc}/readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# Members of rm_map_ops that may be NULL; unpark comes with park.
optional=$(sed -n '/The other members may be NULL/,/^};/s/.*(\*\([a-z_]*\))(.*/\1/p' \
	runner/map.h | grep -vx unpark)
each_is_told() { # a map program can name each of them
	strings "$build/maps/plain/null_map" >"$dir/strings"
	for operation in $optional; do
		grep -q "$operation\$" "$dir/strings" || { echo "# $operation"; return 1; }
	done
}
words_of() { # ID: its operations, in the text
	sed -n "/^$1 /,/operations/s/^ *operations *//p" "$dir/text"
}
shapes_of() { # ID: its shapes, in the text
	sed -n "/^$1 /,/shapes/s/^ *shapes *//p" "$dir/text"
}
usage() { # COMMAND...: status 2
	"$readmostly" "$@" >"$dir/said" 2>&1
	[ $? = 2 ]
}

"$readmostly" dev list --json >"$dir/json"
"$readmostly" dev list >"$dir/text"
check "the contract has optional operations" [ "$(echo "$optional" | wc -l)" -ge 14 ]
check "descriptions name each of them" each_is_told
check "a Go map's compare_remove is told, too" \
	sh -c "echo '$(words_of gomap_rw)' | grep -qw compare_remove"
check "a map without optional operations says none" [ "$(words_of null_map)" = none ]
check "a map of strings has their shapes, and no other" \
	[ "$(shapes_of gomap_str_rw)" = "str16x8 str16x24" ]
check "a technique has none" [ "$(shapes_of barrier_cas)" = none ]
check "it is JSON" python3 -m json.tool "$dir/json" "$dir/again"
check "an argument is usage" usage list gomap
check "also of commands with one switch" usage machine --json x
check "and a switch that there is not" usage doctor --json
done_testing
