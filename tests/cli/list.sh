#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `readmostly list`: what maps offer, for people and for programs.
. tests/tools/tap.sh
readmostly=${BUILD:-build/gcc}/readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# Members of rm_map_ops that may be NULL; unpark comes with park.
optional=$(sed -n '/From here on members may be NULL/,/^};/s/.*(\*\([a-z_]*\))(.*/\1/p' \
	runner/map.h | grep -vx unpark)
each_is_told() { # in the JSON, as an operation of some map
	for operation in $optional; do
		says "$dir/json" "\"$operation\"" || return 1
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

"$readmostly" list --json >"$dir/json"
"$readmostly" list >"$dir/text"
check "the contract has optional operations" [ "$(echo "$optional" | wc -l)" -ge 14 ]
check "the JSON names each that some map offers" each_is_told
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
