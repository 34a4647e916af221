#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests `make campaign` on a Slurm cluster of three nodes on this computer. No trial is lost or
# duplicated, whichever process ends.
# slow: over five seconds of CPU time; not part of `make check`. tests/long/fleet_case.sh has cases
# that take minutes.
[ "$(id -u)" != 0 ] || [ -n "${RM_AS_ROOT+set}" ] || exec tests/tools/as_plain_user.sh "$0"
. tests/tools/tap.sh
. tests/tools/fleet.sh
. tests/tools/fleet_slurm.sh

NODES="n1,n[2-3]" check_two_launchers n1 n2 n3
NODES=n1 campaign a --set blocks=3
check "another plan for the folder is status 2" [ $? = 2 ]
check "the error has the first plan" contains "$dir/a.out" "was started with"
NODES='' CONSTRAINT=little PLAN=1 campaign b
check "a feature selects machines, and the plan lists each job" \
	[ "$(grep -c ' job of at most 18 min: new' "$dir/b.out") $(grep -c '^  n2 job' "$dir/b.out")" = "1 1" ]
check "a plan starts nothing" [ ! -e "$dir/b" ]

# Ends one job with SIGTERM, loses a machine, cancels a job, and kills the launcher with SIGKILL.
gates >"$SITE"
campaign c & launcher=$!
hold_all c 5 n1 n2 n3
one=$(list_running_jobs n1) two=$(list_running_jobs n2) three=$(list_running_jobs n3)
kill_launcher
scancel --signal=TERM --batch "$one"
scancel "$three"
fail_node n2
slurm add-node n2
start_job_now n1 "$one"
start_job_now n2 "$two"
echo 'prologue = :' >"$SITE"
campaign c & launcher=$!
await_condition "[ \$(grep -c 'n[12]: joined' $dir/c.out) = 2 ]"
let_go
await_launcher
check "the same command joins two jobs and starts the third again" \
	[ "$? $(grep -c 'n[12]: joined' "$dir/c.out")" = "0 2" ]
check "no trial is lost or duplicated" whole c n1 n2 n3
check "validate accepts the folder after the restart" valid c n1 n2 n3
check "a requeued start belongs to its job" contains "$dir/c/state/n1.starts" "job=$one restart=1"
check "each machine was started twice" [ "$(starts c)" = 6 ]

# Cancels a job while the launcher watches it, and limits the size of a file.
kib=$(($(stat -c %s "$dir/c/n1/campaign.json") / 1024 + 16))
echo "$(gates); [ \"\$node\" != n2 ] || ulimit -f $kib" >"$SITE"
campaign d & launcher=$!
hold d n3 5
scancel "$(list_running_jobs n3)"
let_go
await_launcher
check "with a cancelled job and a full disk the status is 1" [ $? = 1 ]
check "the cancelled machine is reported" contains "$dir/d.out" "n3 is interrupted: interrupted: CANCELLED"
check "the full disk is reported with file and reason" contains "$dir/d.out" "trials.jsonl: cannot be written: File too large"
check "fleet.json has the same states" \
	[ "$(state d n1) $(state d n2) $(state d n3)" = "complete failed interrupted" ]
check "only the first machine is complete" whole d n1
check "the page names both machines" page_names d n2 incomplete
echo 'prologue = :' >"$SITE"
completes d n1 n2 n3

# A process of a job that has ended still writes. The next job must not disturb it.
(
	exec 9>>"$dir/d/state/n1.lock"
	flock 9
	SLURM_JOB_ID='' LOCK_WAIT=1 runner/fleet/start.sh "$dir/d" n1 "$MODE" >"$dir/start.out" 2>&1
	echo $? >"$dir/start.status"
)
check "a start while another one runs is status 75" [ "$(cat "$dir/start.status")" = 75 ]
check "the error names the other start" contains "$dir/start.out" "held by another start"
check "a refused start is not counted" [ "$(wc -l <"$dir/d/state/n1.starts")" = 1 ]

# One machine is always disturbed. It is reported and left out.
ADMISSION_MODE=$MODE
export ADMISSION_MODE
echo 'prologue = export RM_FAKE==ok; [ "$node" != n3 ] || export RM_FAKE==disturbed' >"$SITE"
ADMIT=yes campaign f
check "a disturbed machine makes the status 1" [ $? = 1 ]
check "the disturbed machine is left out with the reason" contains "$dir/f.out" "n3 is left out"
check "the other machines are complete" [ "$(state f n1) $(state f n2) $(state f n3)" = "complete complete left out" ]
check "nothing was started on the disturbed machine" [ ! -e "$dir/f/n3" ]
echo 'prologue = :' >"$SITE"

# One machine stays down.
slurm kill-node n3
scontrol update nodename=n3 state=down reason=test
# GIVE_UP limits the wait for jobs that do not start. The other job starts well within this time.
GIVE_UP=20 NODES=n2,n3 RM_FAKE='=wait:1' campaign e
check "a machine that stays down makes the status 1" [ $? = 1 ]
check "the machine that stays down is reported" contains "$dir/e.out" "campaign: n3 is missing"
check "the job of this machine is removed" [ -z "$(squeue -h -w n3)" ]
check "fleet.json lists both machines" [ "$(state e n2) $(state e n3)" = "complete missing" ]
done_testing
