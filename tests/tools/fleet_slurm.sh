# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# fleet_slurm.sh - for tests of campaigns with Slurm, after tests/tools/fleet.sh: starts
# a cluster of n1, n2, n3 that ends with the test, or skips the test.
# If a daemon gets no CPU time for so long, Slurm treats it as lost. Tests of a lost daemon
# therefore wait for this time.
export SLURM_CONF=$dir/cluster/slurm.conf SLURM_TEST_EXTRA=${SLURM_TEST_EXTRA:-SlurmdTimeout=20} NODES=n1,n2,n3
slurm() { tests/tools/slurm.sh "$1" "$dir/cluster" "${@:2}"; }
list_running_jobs() { squeue -h -w "$1" -t running -o %i; } # NODE
# Slurm starts a requeued job only after two minutes. This function starts it earlier, as soon as
# its node is free. Before that, no job would ever start on the node.
start_job_now() { # NODE JOB
	await_condition "scontrol -o show node $1 | grep -q 'CPUAlloc=0 .*State=IDLE '"
	await_condition "squeue -h -j $2 -o %T | grep -q PENDING"
	sleep 2
	scontrol update jobid="$2" StartTime=now
}
fail_node() { # NODE: waits until Slurm has noticed the failure
	slurm kill-node "$1"
	await_condition "sinfo -h -n $1 -o %t | grep -q down"
}

trap 'kill $launcher $second 2>/dev/null; slurm stop; rm -rf "$dir"' EXIT
start_or_skip slurm "campaigns by Slurm"
