#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# layers.sh [ROOT] - who may include whom; prints each line that breaks it.
# A stage knows its neighbours only, data flows one way:
#   cli -> campaign -> {plan, trial, counters, machine, check} -> protocol -> base
# A room of runner/ is entered by its door, runner/ROOM/ROOM.h; its other
# headers are its own. base has none: all of it is for everybody.
cd "${1:-.}" || exit 2
status=0

allow() { # FOLDER PATTERN: what files of FOLDER may include, beside libraries
	for file in "$1"/*.[ch] "$1"/*.cc "$1"/*.hh; do
		[ -f "$file" ] || continue
		grep -Hn '^#include "' "$file" | grep -Ev "#include \"($2)\"" &&
			status=1
	done
}
room() { # ROOM DOORS...: its own headers, the contract, base, these doors
	own=$1
	shift
	for folder in "runner/$own" "runner/$own"/*/; do
		allow "${folder%/}" "$contract|$base|${hash:-none}|runner/$own/[a-z0-9_/]*\.h|$(doors "$@")"
	done
}
doors() { # ROOM...: a pattern, of nothing where there is none
	pattern=none
	for name in "$@"; do pattern="$pattern|runner/$name/$name\.h"; done
	echo "$pattern"
}

contract='runner/(map|operations|stat|event|search|driver|worker|keys|decimal_key|impl_table|foreign|foreign_loop)\.h'
base='runner/base/[a-z0-9_]*\.h'
for family in impls/*/; do
	allow "${family%/}" "runner/(map|driver|keys)\.h|runner/base/(rng|clock|histogram)\.h|impls/[a-z]*/[a-z0-9_]*\.hh?"
done
allow impls/interposed/library "impls/[a-z]*/[a-z0-9_]*\.h"
allow runner "$contract|$base|$(doors cli)"
allow runner/base "$base"
room trace
room machine
room history
room protocol
room plan protocol machine trace
room counters machine
room sim machine protocol trial counters cli history
hash='impls/support/hash\.h' # the check of growth makes keys that collide
room check protocol history
hash=
room trial protocol trace counters
room campaign protocol plan machine trial counters
room cli protocol plan campaign trial counters machine check history sim trace

# The report reads results, never the C code. Only commands, helper programs
# and the forked child of a check (leak checkers run in exit()) end a process.
grep -rnE '(impls|runner)/[a-z_/]*\.[ch]\b' report --include='*.py' && status=1
grep -rnE '\bsystem\(|\bexit\(' runner --include='*.c' |
	grep -vE '^runner/(cli/|main\.c|check/isolate\.c|[a-z]*/[a-z0-9_]*_helper\.c)|_exit\(|^[^:]*:[0-9]*: \*' && status=1
[ $status = 0 ] || echo "layers: these lines include what their room does not know" >&2
exit $status
