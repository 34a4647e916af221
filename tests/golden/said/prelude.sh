# shellcheck shell=sh disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0
# Of each command in this folder (tests/tools/said.py): a machine that is the
# same everywhere, and words for what is long.
export HWLOC_SYNTHETIC="pack:1 [numa] core:4 pu:2"
fixtures=$top/tests/fixtures

readmostly() { "$build/readmostly" "$@"; }
stats() { "$build/readmostly-stats" "$@"; }
sim() { "$build/readmostly-sim" "$@"; }
explore() { "$build/readmostly-explore" "$@"; }

# digest: how long it is, and a hash
digest() {
	cat >"${FULL:-$dir/digested}"
	echo "$(wc -l <"${FULL:-$dir/digested}") lines, $(sed "s,$dir,@dir,g; s,$top,@top,g; s/0x[0-9a-f]\{6,\}/0x.../g" \
		"${FULL:-$dir/digested}" | sha256sum | cut -c1-16)"
}
# json FILTER: the JSON that it reads, a member a line, filtered by names
json() {
	"$PYTHON" "$top/tests/tools/said_json.py" "$@"
}
# machine FILE=TEXT...: a made-up /proc and /sys, in force from here on
machine() {
	export RM_SYSFS="$dir/root"
	rm -rf "$RM_SYSFS"
	for machine_file; do
		mkdir -p "$RM_SYSFS/$(dirname "${machine_file%%=*}")"
		printf '%b\n' "${machine_file#*=}" >"$RM_SYSFS/${machine_file%%=*}"
	done
}
cd "$top" || exit
sim=$build/readmostly-sim
. tests/tools/sim.sh
