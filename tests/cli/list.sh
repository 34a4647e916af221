#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests `readmostly dev list`: operations and shapes of maps, as text and as JSON.
. tests/tools/tap.sh
needs plain/gomap_rw plain/null_map plain/ck_ht plain/urcu_lfht plain/gomap_u64 plain/barrier_cas
readmostly=${BUILD:-build/gcc}/readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# Members of rm_map_ops that may be NULL. The member unpark is present if park is.
optional=$(sed -n '/The other members may be NULL/,/^};/s/.*(\*\([a-z_]*\))(.*/\1/p' \
	runner/map.h | grep -vx unpark)
each_is_listed() { # true if a program of a map contains each name
	strings "$build/maps/plain/null_map" >"$dir/strings"
	for operation in $optional; do
		grep -q "$operation\$" "$dir/strings" || { echo "# $operation"; return 1; }
	done
}
words_of() { # ID: prints the map's operations from the text
	sed -n "/^$1 /,/operations/s/^ *operations *//p" "$dir/text"
}
shapes_of() { # ID: prints the map's shapes from the text
	sed -n "/^$1 /,/shapes/s/^ *shapes *//p" "$dir/text"
}
usage() { # COMMAND...: expects status 2
	"$readmostly" "$@" >"$dir/output" 2>&1
	[ $? = 2 ]
}

"$readmostly" dev list --json >"$dir/json"
"$readmostly" dev list >"$dir/text"
check "struct rm_map_ops has optional operations" [ "$(echo "$optional" | wc -l)" -ge 14 ]
check "the descriptions of maps contain each optional operation" each_is_listed
check "compare_remove of a Go map is listed" \
	sh -c "echo '$(words_of gomap_rw)' | grep -qw compare_remove"
check "a map without optional operations has none" [ "$(words_of null_map)" = none ]
check "a map of integers has only integer shapes" \
	[ "$(shapes_of gomap_u64)" = "u64x8 u64x24" ]
check "a technique has no shapes" [ "$(shapes_of barrier_cas)" = none ]
check "--json prints JSON" python3 -m json.tool "$dir/json" "$dir/again"
check "an argument is status 2" usage list gomap
check "an argument of commands with one switch is status 2" usage machine --json x
check "an unknown switch is status 2" usage doctor --json
done_testing
