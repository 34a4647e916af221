#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fleet_case.sh slurm|ssh CASE - runs one case of tests/long/fleet.sh in a cluster of its own, with
# the timeouts of Slurm. Prints TAP. If root calls it, the case runs as an unprivileged user
# (tests/tools/as_plain_user.sh).
[ "$(id -u)" != 0 ] || [ -n "${RM_AS_ROOT+set}" ] || exec tests/tools/as_plain_user.sh "$0" "$@"
form=$1 case=$2
# The job must reach its time limit before Slurm treats the node as lost.
[ "$case" != orphan ] || export SLURM_TEST_EXTRA='SlurmdTimeout=600'
. tests/tools/tap.sh
. tests/tools/fleet.sh
# shellcheck source=/dev/null
. "tests/tools/fleet_$form.sh" || exit 2
# shellcheck disable=SC2206 # words without white space
nodes=(${NODES//,/ })
[ $form = slurm ] || nodes=(m1 m2 m3)
running() { # FOLDER: waits until each machine runs; by ssh, stops one after the other
	local node
	for node in "${nodes[@]}"; do
		if [ $form = slurm ]; then await_trials "$1" $node 5; else pause_runner "$1" $node; fi
	done
}
go_on() { # FOLDER NODE...: continues these runs (ssh)
	local node
	[ $form = ssh ] || return 0
	for node in "${@:2}"; do kill -CONT "$(runner_of "$1" "$node")"; done
}

# ---- by Slurm and by ssh ----

case_launchers() { check_two_launchers "${nodes[@]}"; }

case_launcher() {
	RM_FAKE='=wait:300' campaign f & launcher=$!
	running f
	kill_launcher
	check "a lost launcher leaves a folder that is not complete" whole f
	campaign f & launcher=$!
	await_condition "[ \$(grep -c ': joined' $dir/f.out) = 3 ]"
	check "the same command joins all three starts" [ "$(grep -c ': joined' "$dir/f.out")" = 3 ]
	go_on f "${nodes[@]}"
	await_launcher
	check "the joined campaign ends with 0" [ $? = 0 ]
	completes f "${nodes[@]}"
	check "each machine was started once" [ "$(starts f)" = 3 ]
}

# The results of one machine are on a file system of 8 MiB, which fills during the run.
case_disk() {
	local full=${nodes[1]} place=$dir/f/${nodes[1]}
	[ -n "$RM_SMALL" ] || { skip "a full file system" "only root may mount one${RM_AS_ROOT:+: $RM_AS_ROOT}"; return; }
	[ $form = slurm ] || place=$(there f "$full")
	mkdir -p "$(dirname "$place")" "$RM_SMALL/f"
	ln -s "$RM_SMALL/f" "$place"
	RM_FAKE='=wait:300' campaign f & launcher=$!
	running f
	cat /dev/zero >"$RM_SMALL/ballast" 2>/dev/null
	go_on f "${nodes[@]}"
	check "the file system is full" [ "$(df --output=avail "$RM_SMALL" | tail -n 1)" -eq 0 ]
	await_launcher
	check "the status is 1" [ $? = 1 ]
	check "the machine is reported with the reason" contains "$dir/f.out" "$full is failed: "
	check "the reason is the full disk" \
		grep -q "^campaign: $full is failed: .*No space left on device" "$dir/f.out"
	sed -n "s/^campaign: $full/# $full/p" "$dir/f.out"
	check "the page names the machine" page_names f "$full" incomplete
	rm "$RM_SMALL/ballast"
	completes f "${nodes[@]}"
}

# The scripts are edited while they run, in a separate tree.
case_edited() {
	copy_tree
	(cd "$dir/tree" && RM_FAKE='=wait:300' campaign f) & launcher=$!
	running f
	for file in campaign start; do yes 'exit 2' | head -n 3000 1<>"$dir/tree/runner/fleet/$file.sh"; done
	await_launcher
	check "a campaign whose scripts are edited ends with 0" [ $? = 0 ]
	check "this campaign is complete" whole f "${nodes[@]}"
}

copy_tree() {
	git ls-files -z --cached --others --exclude-standard | rsync -a --from0 --ignore-missing-args --files-from=- . "$dir/tree/"
}

# ---- by Slurm ----

case_daemon() {
	local before
	RM_FAKE='=wait:1000' campaign f & launcher=$!
	running f
	slurm kill-daemon n1
	await_condition "sinfo -h -n n1 -o %t | grep -q down"
	before=$(trials f n1)
	await_condition "[ \$(trials f n1) -gt $before ]"
	check "a job continues without its daemon, after Slurm gave up the node" [ "$(trials f n1)" -gt "$before" ]
	slurm add-node n1
	await_launcher
	check "the campaign ends with 0" [ $? = 0 ]
	check "the job was started again on the node" [ "$(wc -l <"$dir/f/state/n1.starts")" -ge 2 ]
	completes f n1 n2 n3
}

# The job reaches its time limit while the daemon of its node is dead, so that Slurm cannot signal
# it.
case_orphan() {
	printf '%s\n' 'warn-seconds = 10' 'minutes-most = 1' >"$SITE"
	nodes=(n1)
	export NODES=n1
	RM_FAKE='=wait:1500' campaign f & launcher=$!
	running f
	slurm kill-daemon n1
	await_condition "squeue -h -w n1 -t all -o %T | grep -Eq 'COMPLETING|TIMEOUT'"
	check "Slurm ended the job at its limit" [ -z "$(list_running_jobs n1)" ]
	check "the job still writes" orphan_writes
	slurm add-node n1
	await_launcher
	check "the launcher ends with 1, or with 0 if the job was complete" [ $? -le 1 ]
	sed 's/^/# /' "$dir/f.out"
	printf '%s\n' 'prologue = :' >"$SITE"
	completes f n1
}
orphan_writes() {
	local before
	before=$(trials f n1)
	await_condition "[ \$(trials f n1) -gt $before ]"
	[ "$(trials f n1)" -gt "$before" ]
}

# A node is lost, and the job of another node gets SIGTERM. Each takes two minutes.
case_node() {
	RM_FAKE='=wait:300' campaign f & launcher=$!
	running f
	scancel --signal=TERM --batch "$(list_running_jobs n1)"
	fail_node n2
	slurm add-node n2
	await_launcher
	check "the campaign ends with 0, after two requeues" [ $? = 0 ]
	check "each of these jobs was restarted once" \
		[ "$(cat "$dir/f/state/n1.starts" "$dir/f/state/n2.starts" | grep -c restart=1)" = 2 ]
	completes f n1 n2 n3
}

case_cancel() {
	RM_FAKE='=wait:300' campaign f & launcher=$!
	running f
	scancel "$(list_running_jobs n3)"
	await_launcher
	check "with a cancelled job the status is 1" [ $? = 1 ]
	check "the machine of the cancelled job is reported" \
		contains "$dir/f.out" "n3 is interrupted: interrupted: CANCELLED"
	check "the page names the machine" page_names f n3 incomplete
	completes f n1 n2 n3
}

# Slurm's time limits are whole minutes, and the plan takes longer than one minute. The job of each
# node requeues itself at the limit.
case_limit() {
	printf '%s\n' 'warn-seconds = 20' 'minutes-most = 1' >"$SITE"
	RM_FAKE='=wait:700' campaign f
	check "a campaign longer than its limit ends with 0" [ $? = 0 ]
	check "each job was requeued at the limit" \
		[ "$(cat "$dir"/f/state/n[123].starts | grep -c 'restart=1')" = 3 ]
	completes f n1 n2 n3
}

case_down() {
	fail_node n3
	GIVE_UP=2 campaign f
	check "a machine that stays down makes the status 1" [ $? = 1 ]
	check "the machine that stays down is reported" \
		contains "$dir/f.out" "campaign: n3 is missing"
	check "the page names the machine" page_names f n3 missing
	slurm add-node n3
	await_condition "sinfo -h -n n3 -o %t | grep -q idle"
	completes f n1 n2 n3
}

# Runs the command as a user would do, in a separate tree.
case_smoke() {
	copy_tree
	unset RM_FLEET_PROGRAM RM_TRIAL_PROGRAM RM_FAKE
	make -C "$dir/tree" --no-print-directory campaign NODES=n[1-3] MODE=smoke OUT="$dir/smoke" ARGS=--busy-ok >"$dir/smoke.out" 2>&1
	echo "# make ended with $?"
	check "MODE=smoke, built on each node, is complete on three" \
		[ "$(state smoke n1) $(state smoke n2) $(state smoke n3)" = "complete complete complete" ]
	check "validate accepts the folders" valid smoke n1 n2 n3
	sed 's/^/# /' "$dir/smoke.out" | grep -v '^# \(CC\|CXX\|AS\) ' | tail -n 12
}

# ---- by ssh ----

case_connection() {
	export RM_FAKE='=wait:300'
	LOST_AFTER=2 campaign f & launcher=$!
	running f
	sshd cut m1
	go_on f m1 m2 m3
	await_launcher
	check "an unreachable machine makes the status 1" [ $? = 1 ]
	check "the unreachable machine is reported" \
		contains "$dir/f.out" "m1 is missing: out of reach for 2 s"
	check "the page names the machine" page_names f m1 missing
	sshd join m1
	completes f m1 m2 m3
}

case_runner() {
	RM_FAKE='=wait:300' campaign f & launcher=$!
	running f
	kill -KILL "$(runner_of f m2)"
	kill -TERM "$(runner_of f m1)"
	go_on f m1 m3
	await_launcher
	check "with a killed runner the status is 1" [ $? = 1 ]
	check "fleet.json has the killed and the interrupted machine" \
		[ "$(state f m1) $(state f m2) $(state f m3)" = "interrupted failed complete" ]
	check "the page names both machines" page_names f m2 incomplete
	completes f m1 m2 m3
	check "these two machines were started twice" [ "$(starts f)" = 5 ]
}

case_unreachable() {
	sshd cut m3
	campaign f
	check "an unreachable machine makes the status 1" [ $? = 1 ]
	check "the unreachable machine is reported" contains "$dir/f.out" "m3 is missing"
	check "the page names the machine" page_names f m3 missing
	sshd join m3
	completes f m1 m2 m3
}

"case_$case"
sed 's/^/# /' "$dir"/f/state/*.starts 2>/dev/null
done_testing
