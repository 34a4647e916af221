#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# campaign.sh - `make campaign`: runs a whole plan on each of several machines.
#
#   NODES=n1,n[3-5] | PARTITION=lab CONSTRAINT=zen3   by Slurm: these nodes, or all with the feature
#   MACHINES=file                                     by ssh: one line NAME HOST [FOLDER] each
#   ADMIT=yes|mark   outliers are left out, or marked
#   MODE=smoke SET= OUT=results/NAME SITE=file GIVE_UP=seconds PLAN=1
#   arguments (with make: ARGS='--wait-idle=600') are passed on to `readmostly run`
#
# All state is in files (OUT/state). The same command joins running starts, resumes
# incomplete ones and restarts lost ones; several launchers may run at once.
# Status: 0 all machines are complete; 1 some are not (printed); 2 nothing was
# started: usage; 3 all are complete, but some cells have no result (printed).
# If a signal ends the launcher, its status is 130 and the machines continue.
CDPATH='' cd "$(dirname "$0")/../.." || exit 2
. runner/base/environment.sh
# shellcheck source=/dev/null
for part in mode fleet/{site,status,slurm,ssh}; do . runner/$part.sh; done
declare -A id=() last=() misses=() seen=()
POLL=${POLL:-10} GIVE_UP=${GIVE_UP:-0}
RUN=("$@")

refuse() { echo "campaign: $*" >&2; exit 2; }

# Sets LAUNCHER, site, OUT and MINUTES, and exports the variables of start.sh.
configure() {
	[ -z "$SITE" ] && [ -r site.conf ] && SITE=site.conf
	[ -z "$SITE" ] || read_site "$SITE" || exit 2
	site[partition]=${PARTITION:-${site[partition]}}
	site[constraint]=${CONSTRAINT:-${site[constraint]}}
	LAUNCHER=slurm
	[ -z "$MACHINES" ] || LAUNCHER=ssh
	[ -z "$MAPS" ] || refuse "MAPS=$MAPS: not for campaigns; expected ARGS='--maps IDS' for some maps of the mode," \
		"or MODE=FILE that lists others (docs/reference/workload-file.md)"
	[ -n "$MACHINES$NODES${site[partition]}${site[constraint]}" ] ||
		refuse "no machines: expected NODES=..., PARTITION=... or MACHINES=file"
	[ -z "$MACHINES" ] || [ -z "$NODES" ] ||
		refuse "MACHINES=$MACHINES and NODES=$NODES: expected one of them"
	[[ $NODES =~ ^[^][]*(\[[^][]+\][^][]*)*$ ]] ||
		refuse "NODES=$NODES: unpaired bracket: expected names such as n1,n[3-5]"
	[ $LAUNCHER = slurm ] || command -v rsync >/dev/null || refuse "rsync is not installed on this computer"
	[ $LAUNCHER = ssh ] || command -v sbatch >/dev/null ||
		refuse "no sbatch: run it on a login node of Slurm, or use MACHINES=file (docs/guide/many-machines.md)"
	find_mode smoke || exit
	MODE=$mode
	OUT=${OUT:-results/fleet-$(basename "$mode_file" .conf)}
	export PROLOGUE PARTIAL
	PROLOGUE=$(site_prologue) PARTIAL=${site[partial]}
}

# Sets MINUTES, the time limit of a job: the budget of the mode, half of it for
# repeats, 30 % for a slower machine, 5 minutes, and the build; at most the site's
# limit. A job that reaches the limit continues after a requeue.
set_time_limit() {
	local limit=${site[minutes-most]} partition_limit=''
	BUDGET=$(awk -F= '$1 ~ /^budget[ \t]*$/ { v = $2 + 0; if ($2 ~ /h/) v *= 3600
		else if ($2 ~ /min/) v *= 60; print int(v + 0.999); exit }' "$mode_file")
	[ $LAUNCHER = ssh ] || partition_limit=$(slurm_time_limit) || exit 2
	[ -z "$partition_limit" ] || [ "$partition_limit" -ge "$limit" ] || limit=$partition_limit
	MINUTES=$((${BUDGET:-$((limit * 60))} * 15 * 13 / 6000 + 5 + site[build-minutes]))
	[ "$MINUTES" -le "$limit" ] || MINUTES=$limit
}

list_machines() { # prints the machines of this call, one per line
	local list
	list=$("${LAUNCHER}_machines") || exit 2
	sort -u <<<"$list" | sed '/^$/d'
}

print_plan() {
	local node state reason
	echo "plan: MODE=$MODE on $(wc -w <<<"$*") machines by $LAUNCHER, into $OUT; measuring takes at most" \
		"${BUDGET:-?} s each by the mode's budget, and repeats at most half of it more"
	for node in "$@"; do
		IFS=$'\t' read -r state reason < <(state_of "$node")
		[ -e "$OUT/state/$node.status" ] || state=new
		echo "  $node $([ "$LAUNCHER" = ssh ] && echo session || echo job) of at most $MINUTES min: $state${reason:+, $reason}"
	done
}

# A folder belongs to one plan; another plan needs another folder.
begin_folder() { # MACHINE...
	local plan="mode=$MODE${RUN[*]:+ ${RUN[*]}}"
	mkdir -p "$OUT/state" || exit 2
	OUT=$(cd "$OUT" && pwd -P)
	exec 8>>"$OUT/state/launchers.lock"
	flock 8
	if [ ! -e "$OUT/state/wish" ]; then
		date -u +%Y-%m-%dT%H:%M:%SZ >"$OUT/state/created"
		runner/origin.sh | cut -d" " -f1 >"$OUT/state/commit"
		echo "$(date +%s%N)-$RANDOM" >"$OUT/state/number" # distinguishes folders of equal name
		echo "$plan" >"$OUT/state/wish"
	fi
	[ "$(<"$OUT/state/wish")" = "$plan" ] ||
		refuse "$OUT was started with '$(<"$OUT/state/wish")', not '$plan'; expected the same plan, or another OUT"
	printf '%s\n' "$@" >>"$OUT/state/machines"
	all_machines >"$OUT/state/machines.$$" && mv "$OUT/state/machines.$$" "$OUT/state/machines"
	write_fleet # the launcher may be killed before its first poll
}

# Joins running starts and begins the others; one launcher at a time, so that no
# machine is started twice.
begin_all() {
	local node state reason
	for node in "$@"; do
		if grep -qs '"left out"' "$OUT/state/$node.admission"; then
			note "$node" 'left out' "$(sed 's/.*"reason": "\(.*\)"}$/\1/' "$OUT/state/$node.admission")"
			continue
		fi
		# find the start before reading the state, because it may end in between
		id[$node]=$("${LAUNCHER}_find" "$node")
		if [ -n "${id[$node]}" ]; then
			echo "$node: joined, ${id[$node]}"
			continue
		fi
		IFS=$'\t' read -r state reason < <(state_of "$node")
		if [ "$state" = complete ]; then
			note "$node" complete "$reason"
			unset "id[$node]"
			continue
		fi
		# overwrite the status of an earlier start
		printf '%-511s\n' 'queued - -' 1<>"$OUT/state/$node.status"
		if ! id[$node]=$("${LAUNCHER}_begin" "$node" 2>"$OUT/state/$node.refused"); then
			note "$node" missing "$(cause_of "$node")"
			unset "id[$node]"
		fi
	done
	flock -u 8
}

# Handles the end of a start. On a network file system its status may become visible late.
finish_machine() { # NODE WHY
	local state=missing reason
	if ! "${LAUNCHER}_fetch" "$1" 2>"$OUT/state/$1.refused"; then
		reason="its results could not be fetched: $(cause_of "$1")"
	else
		IFS=$'\t' read -r state reason < <(state_of "$1")
		if [ "$state" = lost ] && [ "${misses[$1]:=0}" -lt 3 ]; then
			misses[$1]=$((misses[$1] + 1))
			return
		fi
	fi
	case $state in lost | interrupted) reason="$reason: $2" ;; esac
	[ "$state" = complete ] || [ ! -s "$OUT/state/$1.log" ] || reason="$reason; see state/$1.log"
	note "$1" "$state" "$reason"
	unset "id[$1]"
}

check_machine() { # NODE
	local now
	now=$("${LAUNCHER}_state" "$1")
	case $now in
	ended*) finish_machine "$1" "${now#ended }" ;;
	waiting*)
		note "$1" waiting "${now#waiting }"
		if [ "$GIVE_UP" -gt 0 ] && [ $(($(uptime_s) - begun)) -ge "$GIVE_UP" ]; then
			"${LAUNCHER}_give_up" "$1"
			note "$1" missing "${now#waiting }, given up after $GIVE_UP s"
			unset "id[$1]"
		fi
		;;
	unreachable*) note_unreachable "$1" "${now#unreachable }" ;;
	*)
		unset "lost_since[$1]"
		note "$1" "$now"
		;;
	esac
}

# An unreachable machine is not lost: its start may still run.
note_unreachable() { # NODE WHY
	: "${lost_since[$1]:=$(uptime_s)}"
	note "$1" running "cannot be reached, may still run: $2"
	[ $(($(uptime_s) - lost_since[$1])) -ge "$LOST_AFTER" ] || return 0
	note "$1" missing "out of reach for $LOST_AFTER s: $2"
	unset "id[$1]"
}

watch_all() {
	local node
	begun=$(uptime_s)
	while [ ${#id[@]} -gt 0 ]; do
		if "${LAUNCHER}_poll"; then
			for node in $(printf '%s\n' "${!id[@]}" | sort); do check_machine "$node"; done
		else
			echo "campaign: $LAUNCHER does not answer; trying again"
		fi
		[ ${#id[@]} = 0 ] || sleep "$POLL"
	done
}

finish() { # MACHINE... of this call
	local node state reason open=0 status=0
	write_fleet
	for node in $(all_machines); do
		IFS=$'\t' read -r state reason 2>/dev/null <"$OUT/state/$node.seen" || state=missing
		[ "$state$reason" = complete ] && continue
		[ "$state" != complete ] && open=$((open + 1)) || status=3
		echo "campaign: $node is $state${reason:+: $reason}" >&2
		[[ " $* " = *" $node "* ]] ||
			echo "campaign: $node is not among the machines of this command; to drop it, delete its line in $OUT/state/machines" >&2
	done
	if [ $open = 0 ]; then
		printf '%s\n' "complete: $OUT" "compare: make build/gcc/readmostly && build/gcc/readmostly compare $OUT"
		exit $status
	fi
	echo "campaign: $open of $(all_machines | wc -l) machines are not complete; repeat the command to continue: $OUT" >&2
	exit 1
}

# Tests machines one by one, so that machines with shared resources do not disturb
# each other. Each test is a campaign, so a finished one is not repeated.
admit_all() { # MACHINE...
	local node verdict reason verdicts folder=$OUT/state/admission-${OUT##*/}
	for node in "$@"; do
		grep "^[[:space:]]*$node[[:space:]]" "${MACHINES:-/dev/null}" >"$OUT/state/one.$$"
		env ADMIT= SET= NODES="$([ $LAUNCHER = ssh ] || echo "$node")" MODE="${ADMISSION_MODE:-admission}" OUT="$folder" \
			MACHINES="$([ $LAUNCHER = slurm ] || echo "$OUT/state/one.$$")" \
			runner/fleet/campaign.sh --busy-ok --counters none >>"$OUT/state/admission.log" 2>&1
		echo "$node: tested for admission"
	done
	rm -f "$OUT/state/one.$$"
	find_python && verdicts=$("$python" -m report admit "${@/#/$folder/}") ||
		refuse "the report has no admission verdicts"
	while IFS=$'\t' read -r node verdict reason; do
		[ "$verdict" = admitted ] || verdict=$([ "$ADMIT" = mark ] && echo marked || echo 'left out')
		printf '{"verdict": %s, "reason": %s}' "$(json "$verdict")" "$(json "$reason")" >"$OUT/state/$node.admission"
		echo "$node: $verdict${reason:+, $reason}"
	done <<<"$verdicts"
}

# Bash reads a script while it runs. An edit of this file in the meantime would
# make it continue in the middle of a line. So all code is in functions, and the
# call of main and the exit are on one line.
# shellcheck disable=SC2086 # names without white space
main() {
	local list
	case $1 in -h | --help) sed -n '3,/^[^#]/s/^# \{0,1\}//p' runner/fleet/campaign.sh; exit ;; esac
	configure
	set_time_limit
	list=$(list_machines) || exit 2
	[ -n "$list" ] || refuse "no machine matches ${NODES:-${MACHINES:-partition ${site[partition]:-any}, constraint ${site[constraint]:-none}}}"
	if [ -n "$PLAN" ]; then
		print_plan $list
		exit 0
	fi
	trap 'echo "campaign: this launcher ends, the machines continue; repeat the command to join them" >&2; exit 130' INT TERM HUP
	begin_folder $list
	[ -z "$ADMIT" ] || admit_all $list
	begin_all $list
	watch_all
	finish $list
}
main "$@"; exit
