#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fleet_long.sh - `make fleet-test`: what takes minutes of campaigns by Slurm: the
# time limit with its two minutes until a requeue, a daemon that dies while its
# job runs on, and a whole MODE=smoke on three nodes, built there (LIMIT=0, REAL=0
# leave out the first and the last). TAP; what it said is dated in docs/tally/fleet.md.
. tests/tools/tap.sh
. tests/tools/fleet.sh
export SLURM_CONF=$dir/cluster/slurm.conf SLURM_TEST_EXTRA='SlurmdTimeout=5' NODES=n1,n2,n3
slurm() { tests/tools/slurm.sh "$1" "$dir/cluster" "${@:2}"; }

trap 'kill $launcher 2>/dev/null; slurm stop; rm -rf "$dir"' EXIT
slurm start || { skip "campaigns by Slurm" "no cluster"; done_testing; exit; }

at_the_limit() {
	# Slurm's limits are whole minutes; what is planned here takes about two. At
	# the limit each node goes on by its own requeue.
	printf '%s\n' 'warn-seconds = 20' 'minutes-most = 1' >"$SITE"
	RM_FAKE='=wait:900' campaign limit
	check "a campaign that is twice as long as its limit ends with 0" [ $? = 0 ]
	check "each machine has each trial once" whole limit n1 n2 n3
	check "each was requeued at the limit" \
		[ "$(grep -c 'restart=1' "$dir"/limit/state/n1.starts "$dir"/limit/state/n2.starts "$dir"/limit/state/n3.starts | grep -c ':1$')" = 3 ]
	cat "$dir"/limit/state/*.starts | sed 's/^/# /'
}
[ "${LIMIT:-1}" != 1 ] || at_the_limit

# The orphan of a dead daemon: it runs on while its node is down and the job
# waits for the next start.
echo 'prologue = :' >"$SITE"
NODES=n1 RM_FAKE='=wait:900' campaign orphan & launcher=$!
until_ "[ \$(trials orphan n1) -ge 3 ]"
slurm kill-daemon n1
until_ "sinfo -h -n n1 -o %t | grep -q down"
before=$(trials orphan n1)
until_ "[ \$(trials orphan n1) -gt $before ]"
check "a job outlives its daemon, after Slurm gave up the node" [ "$(trials orphan n1)" -gt "$before" ]
slurm add-node n1
wait $launcher
check "it ends with 0" [ $? = 0 ]
check "and nothing is lost or doubled" whole orphan n1
sed 's/^/# /' "$dir/orphan/state/n1.starts"

if [ "${REAL:-1}" = 1 ]; then
	unset RM_FLEET_PROGRAM RM_TRIAL_PROGRAM RM_FAKE
	MODE=smoke campaign smoke
	status=$?
	check "MODE=smoke, built on each node, is complete on three" [ $status = 0 -o $status = 3 ]
	check "validate agrees" valid smoke n1 n2 n3
	sed 's/^/# /' "$dir/smoke.out"
fi
done_testing
