#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# start.sh FOLDER NODE MODE [ARGUMENTS of run] - one start of a campaign on one
# machine: builds readmostly, then begins or resumes FOLDER/NODE.
#
# With Slurm it is the batch script, with ssh a separate session. Its status is in
# FOLDER/state/NODE.status. Its children inherit its lock FOLDER/state/NODE.lock, so
# that a start that outlived its job cannot write together with the next one
# (docs/reference/fleet.md). LOCK_WAIT: seconds to wait for the lock; LOCK_HELD: descriptor 9
# already has it. TERM is passed on; status 75 of the run then requeues the job, at
# most REQUEUES times. PROLOGUE: shell command of the site. PARTIAL=yes: the job may
# have fewer CPUs than the machine. RM_FLEET_PROGRAM: run this program, do not build.
folder=$1 node=$2 mode=$3
shift 3
state=$folder/state status=$folder/state/$node.status
job=${SLURM_JOB_ID:-} restart=${SLURM_RESTART_COUNT:-0}
target='' stopped=''

# Writes the status in place with a fixed length, so that it also works on a full disk.
write_status() { printf '%-511.511s\n' "$*" 1<>"$status"; }
# Tests whether the job may be requeued. A cancelled job may not.
may_requeue() {
	[ -n "$job" ] && [ "$restart" -lt "${REQUEUES:-20}" ] &&
		[ "$(squeue -h -j "$job" -o %T)" = RUNNING ]
}
finish() { # STATUS REASON: writes the status and ends this start, or requeues the job
	if [ "$1" = 75 ] && may_requeue; then
		write_status requeued "$1" "$job" "$2"
		scontrol requeue "$job" && exit 75
	fi
	write_status ended "$1" "${job:--}" "$2"
	[ -z "$2" ] || echo "ended with status $1: $2"
	exit "$1"
}
trap 'stopped=1; [ -z "$target" ] || kill -TERM -- "$target" 2>/dev/null' TERM

# Waits for the last child while signals are passed on to it; sets rc. If a signal
# and the end coincide, bash may lose the status. Then rc is 75: a resume is correct
# in any case.
wait_child() { # TARGET, which gets TERM
	local child=$!
	target=$1
	wait "$child"
	rc=$?
	while kill -0 "$child" 2>/dev/null; do wait "$child"; done
	if [ -n "$stopped" ]; then
		wait "$child" 2>/dev/null
		rc=$?
		[ "$rc" -ge 0 ] && [ "$rc" -lt 127 ] || rc=75
	fi
	target=''
}
# Prints the last message of this run.
last_message() {
	awk '/^start: / { text = "" } /^readmostly run: / && !/will not rank/ { text = $0 }
		END { if (text) print text }' "$state/$node.log" 2>/dev/null
}

# Takes the lock; waits for a start that outlived its job.
take_lock() {
	[ -n "$LOCK_HELD" ] || exec 9>>"$state/$node.lock" || exit 2
	flock -w "${LOCK_WAIT:-600}" 9 & # in the background, so that TERM is handled
	wait_child $!
	if [ "$rc" != 0 ]; then
		echo "start: $node is held by another start of this campaign"
		! may_requeue || scontrol requeue "$job" # the status belongs to the other start
		exit 75
	fi
	[ -z "$stopped" ] || finish 75 "stopped before the start"
}

# A smaller CPU mask means that the machine is shared.
check_mask() {
	local allowed usable online
	allowed=$(taskset -pc $$ 2>/dev/null | sed 's/.*: //')
	usable=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
	online=$(getconf _NPROCESSORS_ONLN)
	[ "$usable" = "$online" ] || [ "${PARTIAL:-no}" = yes ] ||
		finish 2 "only CPUs $allowed of $online may be used; to measure on these, set partial = yes in a site file (SITE=FILE)"
}

run_prologue() {
	[ -n "$PROLOGUE" ] || return 0
	# shellcheck source=/dev/null
	type module >/dev/null 2>&1 || [ ! -r /etc/profile ] || . /etc/profile
	eval "$PROLOGUE" || finish 2 "the site's prologue failed: $PROLOGUE"
}

build_program() { # in a separate session, so that TERM ends all of make
	export BUILD=build/$node mode
	setsid bash -pc '. runner/programs.sh
		needs_of --mode "$mode" "$@"
		build_needed' build "$@" &
	wait_child -$!
}
missing_packages() { # prints the command that installs them
	local text
	text=$(DEPS=no .ci/deps build 2>&1) || printf '; packages are missing: %s' "$(tail -n 1 <<<"$text" | sed 's/^ *//')"
}
# Sets program.
find_program() { # [ARGUMENTS of run]
	program=$RM_FLEET_PROGRAM
	[ -z "$program" ] || return 0
	build_program "$@"
	[ -z "$stopped" ] || finish 75 "stopped while building"
	[ "$rc" = 0 ] || finish 2 "the build failed with status $rc$(missing_packages)"
	program=build/$node/readmostly
}

run_plan() { # [ARGUMENTS of run]
	local reason
	"$program" env doctor >"$state/$node.doctor" 2>&1
	mkdir -p "$folder/$node" # --resume of an empty folder begins
	"$program" run -o "$folder/$node" --mode "$mode" --resume "$@" &
	wait_child $!
	reason=$(last_message)
	case $rc in
	0) finish 0 '' ;;
	3) # all trials are done, but some cells have no result
		if [ -z "$reason" ] && "$program" dev validate "$folder/$node" >/dev/null 2>&1; then
			write_status whole 3 "${job:--}" "$(grep -a '^status: ' "$state/$node.log" | tail -n 1)"
			exit 3
		fi
		finish 3 "${reason:-some cells have no result}"
		;;
	75) finish 75 interrupted ;;
	*) finish "$rc" "${reason:-the run ended with status $rc}" ;;
	esac
}

# One command, so that bash reads the whole file first and later edits have no effect.
main() { # [ARGUMENTS of run]
	mkdir -p "$state" && cd "$(dirname "$0")/../.." || exit 2
	take_lock
	write_status running - "${job:--}" "on $(uname -n)"
	echo "start: $(date -u +%Y-%m-%dT%H:%M:%SZ) job=${job:--} restart=$restart host=$(uname -n)" \
		"boot=$(cut -c1-8 /proc/sys/kernel/random/boot_id)" | tee -a "$state/$node.starts"
	check_mask
	run_prologue
	find_program "$@"
	run_plan "$@"
}
main "$@"; exit
