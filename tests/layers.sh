#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# layers.sh [ROOT] - who may include whom; prints each line that breaks it.
# A stage knows its neighbours only, data flows one way:
#   cli -> campaign -> {plan, trial, counters, machine, check} -> base
cd "${1:-.}" || exit 2
status=0

allow() { # FOLDER PATTERN: what files of FOLDER may include, beside libraries
	for file in "$1"/*.[ch]; do
		[ -f "$file" ] || continue
		grep -Hn '^#include "' "$file" | grep -Ev "#include \"($2)\"" &&
			status=1
	done
}

contract='runner/(map|operations|stat|event|driver|worker|keys|impl_table)\.h'
base='runner/base/[a-z0-9_]*\.h'
allow impls "runner/(map|driver)\.h|impls/(support|interposed)/[a-z0-9_]*\.h"
allow impls/interposed "impls/(support|interposed)/[a-z0-9_]*\.h"
allow impls/support "runner/(map|driver|keys)\.h|runner/base/(rng|clock)\.h|impls/support/[a-z0-9_]*\.h"
allow runner "$contract|runner/(base|cli)/[a-z0-9_]*\.h"
allow runner/base "$base"
allow runner/trace "$contract|$base|runner/trace/[a-z0-9_]*\.h"
allow runner/plan "$contract|$base|runner/plan/[a-z0-9_]*\.h|runner/trace/trace\.h"
allow runner/machine "$base|runner/(plan/topology|machine/[a-z0-9_]*)\.h"
allow runner/counters "$base|runner/(counters|machine)/[a-z0-9_]*\.h"
allow runner/sim "$base|runner/(sim/[a-z0-9_]*|plan/(lines|number|topology|workload))\.h"
allow runner/sim/guest "$base|runner/sim/[a-z0-9_/]*\.h"
allow runner/simulate "$contract|$base|runner/(sim|simulate|trial|cli)/[a-z0-9_/]*\.h|runner/counters/(counters|reading)\.h"
allow runner/history "$base|runner/history/[a-z0-9_]*\.h"
allow runner/check "$contract|$base|impls/support/hash\.h|runner/plan/loops\.h|runner/foreign\.h|runner/(check|history)/[a-z0-9_]*\.h"
allow runner/trial "$contract|$base|runner/(trial/[a-z0-9_]*|trace/(trace|record)|plan/(cell|loops|allocator)|counters/counters)\.h"
allow runner/campaign "$contract|$base|runner/(campaign|plan|machine)/[a-z0-9_]*\.h|runner/(trial/trial|counters/select)\.h"
allow runner/cli "$contract|$base|runner/[a-z]*/[a-z0-9_]*\.h"

# The report reads results, never the C code. Only commands, helper programs
# and the forked child of a check (leak checkers run in exit()) end a process.
grep -rnE '(impls|runner)/[a-z_/]*\.[ch]\b' report --include='*.py' && status=1
grep -rnE '\bsystem\(|\bexit\(' runner --include='*.c' |
	grep -vE '^runner/(cli/|main\.c|check/isolate\.c|[a-z]*/[a-z0-9_]*_helper\.c)|_exit\(|^[^:]*:[0-9]*: \*' && status=1
[ $status = 0 ] || echo "layers: these lines include what their room does not know" >&2
exit $status
