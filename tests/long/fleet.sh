#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fleet.sh [FORM:CASE...] - tests failures of a campaign on several machines: a real Slurm with
# three nodes, and three sshd (tests/long/fleet_case.sh). Two cases run at a time; all cases take 30
# minutes. Prints a line for each case; its TAP is in BUILD/fleet. Needs the packages of Slurm and
# openssh-server. Status 1: a case failed.
cd "$(dirname "$0")/../.." || exit 2
export BUILD=${BUILD:-build/gcc}
make -s BUILD="$BUILD" "$BUILD/readmostly" "$BUILD/tests/fake_trial" || exit 2
[ $# -gt 0 ] || set -- slurm:{launchers,launcher,disk,edited,daemon,orphan,node,cancel,limit,down,smoke} \
	ssh:{launchers,launcher,disk,connection,runner,unreachable}
mkdir -p "$BUILD/fleet"
one() { # FORM:CASE
	local tap=$BUILD/fleet/${1/:/-}.tap word=ok
	tests/long/fleet_case.sh "${1%%:*}" "${1#*:}" >"$tap" 2>&1 || word=FAILED
	grep -q '^1\.\.' "$tap" || word=FAILED
	echo "$word: $1: $(grep -c '^ok' "$tap") of $(grep -cE '^(not )?ok' "$tap") facts"
	[ $word = ok ]
}
export -f one
printf '%s\n' "$@" | xargs -P 2 -I{} bash -c 'one {}'
