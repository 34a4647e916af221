#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `make campaign` on a Slurm cluster of three nodes on this computer: nothing is
# lost or doubled, whatever ends. slow: over five seconds of CPU time; not part
# of `make check`. What needs minutes is in tests/long/fleet_case.sh.
[ "$(id -u)" != 0 ] || [ -n "${RM_AS_ROOT+set}" ] || exec tests/tools/as_plain_user.sh "$0"
. tests/tools/tap.sh
. tests/tools/fleet.sh
. tests/tools/fleet_slurm.sh

NODES="n1,n[2-3]" check_two_launchers n1 n2 n3
NODES=n1 campaign a --set blocks=3
check "another plan for the folder is status 2" [ $? = 2 ]
check "and is told what it was begun with" says "$dir/a.out" "was started with"
NODES='' CONSTRAINT=little PLAN=1 campaign b
check "a feature chooses machines, and the plan names each job" \
	[ "$(grep -c ' job of at most 18 min: new' "$dir/b.out") $(grep -c '^  n2 job' "$dir/b.out")" = "1 1" ]
check "a plan begins nothing" [ ! -e "$dir/b" ]

# A job by TERM, a machine that is lost, one that somebody cancels, and the
# launcher by SIGKILL.
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
check "the same line again joins two jobs and begins the third anew" \
	[ "$? $(grep -c 'n[12]: joined' "$dir/c.out")" = "0 2" ]
check "nothing is lost or doubled" whole c n1 n2 n3
check "validate agrees again" valid c n1 n2 n3
check "a start that was requeued is one of its job" says "$dir/c/state/n1.starts" "job=$one restart=1"
check "each machine was started twice" [ "$(starts c)" = 6 ]

# A job that is cancelled while the launcher looks; a file that cannot grow.
kib=$(($(stat -c %s "$dir/c/n1/campaign.json") / 1024 + 16))
echo "$(gates); [ \"\$node\" != n2 ] || ulimit -f $kib" >"$SITE"
campaign d & launcher=$!
hold d n3 5
scancel "$(list_running_jobs n3)"
let_go
await_launcher
check "with a cancelled job and a full disk the status is 1" [ $? = 1 ]
check "the cancelled machine is named" says "$dir/d.out" "n3 is interrupted: interrupted: CANCELLED"
check "the full one with file and reason" says "$dir/d.out" "trials.jsonl: cannot be written: File too large"
check "fleet.json says so" \
	[ "$(state d n1) $(state d n2) $(state d n3)" = "complete failed interrupted" ]
check "and calls only the first complete" whole d n1
check "the page names both" page_names d n2 incomplete
echo 'prologue = :' >"$SITE"
completes d n1 n2 n3

# A start that outlived its job still writes: the next one keeps off.
(
	exec 9>>"$dir/d/state/n1.lock"
	flock 9
	SLURM_JOB_ID='' LOCK_WAIT=1 runner/fleet/start.sh "$dir/d" n1 "$MODE" >"$dir/start.out" 2>&1
	echo $? >"$dir/start.status"
)
check "a start beside another one is status 75" [ "$(cat "$dir/start.status")" = 75 ]
check "and says why" says "$dir/start.out" "held by another start"
check "and is none" [ "$(wc -l <"$dir/d/state/n1.starts")" = 1 ]

# One machine is disturbed whenever it is asked: it is named and left out.
ADMISSION_MODE=$MODE
export ADMISSION_MODE
echo 'prologue = export RM_FAKE==ok; [ "$node" != n3 ] || export RM_FAKE==disturbed' >"$SITE"
ADMIT=yes campaign f
check "a machine that is disturbed makes the status 1" [ $? = 1 ]
check "and is left out, with the reason" says "$dir/f.out" "n3 is left out"
check "the others are complete" [ "$(state f n1) $(state f n2) $(state f n3)" = "complete complete left out" ]
check "nothing was begun there" [ ! -e "$dir/f/n3" ]
echo 'prologue = :' >"$SITE"

# A machine that stays down.
slurm kill-node n3
scontrol update nodename=n3 state=down reason=test
# Given up is what does not begin: the other one begins well within that time.
GIVE_UP=20 NODES=n2,n3 RM_FAKE='=wait:1' campaign e
check "a machine that stays down makes the status 1" [ $? = 1 ]
check "and is named" says "$dir/e.out" "campaign: n3 is missing"
check "its job is gone" [ -z "$(squeue -h -w n3)" ]
check "fleet.json has it, and the other one" [ "$(state e n2) $(state e n3)" = "complete missing" ]
done_testing
