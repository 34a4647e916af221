#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# layers.sh [ROOT] - checks which files may include which headers; prints each violation.
# A module includes only its neighbours, and dependencies go one way:
#   cli -> campaign -> {plan, trial, counters, machine} -> {catalog, protocol} -> base
# Other modules include only the public header runner/MODULE/MODULE.h. All headers of base are public.
cd "${1:-.}" || exit 2
unreadable=$(find runner impls verify report ! -readable) && [ -z "$unreadable" ] ||
	{ echo "layers: not checked: sources are missing or cannot be read: $unreadable" >&2; exit 3; }
status=0

allow() { # FOLDER PATTERN: files of FOLDER may include matching headers, besides libraries
	for file in "$1"/*.[ch] "$1"/*.cc "$1"/*.hh; do
		[ -f "$file" ] || continue
		grep -Hn '^#include "' "$file" | grep -Ev "#include \"($2)\"" &&
			status=1
	done
}
module() { # MODULE NEIGHBOUR...: its own headers, the contract, base, and public headers of these
	own=$1
	shift
	for folder in "runner/$own" "runner/$own"/*/; do
		allow "${folder%/}" "$contract|$base|runner/protocol/command_line\.h|runner/$own/[a-z0-9_/]*\.h|$(public_headers "$@")"
	done
}
public_headers() { # MODULE...: prints a pattern, which matches nothing without modules
	pattern=none
	for name in "$@"; do pattern="$pattern|runner/$name/$name\.h"; done
	echo "$pattern"
}

contract='runner/(map|operations|stat|event|search|driver|worker|keys|skew|decimal_key|impl|readmostly|foreign_loop)\.h'
base='runner/base/[a-z0-9_]*\.(h|def)'
for family in impls/*/; do
	allow "${family%/}" "runner/(map|driver|keys)\.h|runner/base/(rng|clock|histogram)\.h|impls/[a-z]*/[a-z0-9_]*\.hh?"
done
allow impls/interposed/library "impls/[a-z]*/[a-z0-9_]*\.h"
allow runner "$contract|$base|$(public_headers cli)"
allow runner/base "$base"
module trace
module machine
module protocol
module catalog protocol
module plan protocol machine trace catalog
module counters machine
module trial protocol trace counters
module map_program protocol trace trial
module sim machine protocol trial counters map_program
module campaign protocol plan machine trial counters catalog
module cli protocol plan campaign counters machine sim trace catalog
# verify/ may include the headers that define a map, base, protocol and the simulated guest.
hash='impls/support/hash\.h' # the check of growth generates keys that collide
for folder in verify/*/ verify/*/*/; do
	case $folder in verify/corpora/* | verify/tests/*) continue ;; esac
	allow "${folder%/}" "$contract|$base|$hash|verify/[a-z0-9_/]*\.h|runner/protocol/(protocol|command_line)\.h|runner/sim/guest/[a-z_]*\.h|runner/sim/sim\.h|runner/map_program/map_program\.h"
done
grep -rn '#include "verify/' runner impls && status=1

# The report must not include C headers. Only commands, helper programs and the forked child of a
# check (leak checkers run in exit()) may end a process.
grep -rnE '(impls|runner)/[a-z_/]*\.[ch]\b' report --include='*.py' && status=1
grep -rnE '\bsystem\(|\bexit\(' runner verify/check verify/history verify/explore --include='*.c' |
	grep -vE '^(runner/(cli/|main\.c|protocol/standard\.c|[a-z]*/[a-z0-9_]*_helper\.c)|verify/check/isolate\.c)|_exit\(|^[^:]*:[0-9]*: \*' && status=1
[ $status = 0 ] || echo "layers: these lines include headers that their module must not use" >&2
exit $status
