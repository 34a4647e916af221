#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# campaign.sh - `make campaign`: one plan on each of several machines, whole.
#
#   NODES=n1,n[3-5] | PARTITION=lab CONSTRAINT=zen3   by Slurm: these, or all that have it
#   MACHINES=file                                     by ssh: NAME HOST [FOLDER] a line
#   ADMIT=yes|mark   machines that are off are left out, or marked
#   MODE=smoke SET= OUT=results/NAME SITE=file GIVE_UP=seconds PLAN=1
#   arguments are passed on to `readmostly run`
#
# Files are the only state (OUT/state): the same line again joins what runs, resumes
# what is not complete, starts what was lost. Any number of launchers may do so.
# Status: 0 each machine is complete; 1 not so, each of them was named; 2 usage;
# 3 each is complete, and some cells have no result there (void, failed): named.
# What this line ends by a signal, the machines go on with.
CDPATH='' cd "$(dirname "$0")/../.." || exit 2
. runner/base/environment.sh
# shellcheck source=/dev/null
for part in mode fleet/{site,words,slurm,ssh}; do . runner/$part.sh; done
declare -A id=() last=() misses=() seen=()
POLL=${POLL:-10} GIVE_UP=${GIVE_UP:-0}
RUN=("$@")

refuse() { echo "campaign: $*" >&2; exit 2; }

# Sets LAUNCHER, site, OUT, MINUTES, and exports what start.sh reads.
settle() {
	[ -z "$SITE" ] && [ -r site.conf ] && SITE=site.conf
	[ -z "$SITE" ] || site_read "$SITE" || exit 2
	site[partition]=${PARTITION:-${site[partition]}}
	site[constraint]=${CONSTRAINT:-${site[constraint]}}
	LAUNCHER=slurm
	[ -z "$MACHINES" ] || LAUNCHER=ssh
	[ -n "$MACHINES$NODES${site[partition]}${site[constraint]}" ] ||
		refuse "which machines? expected NODES=..., PARTITION=... or MACHINES=file"
	[ -z "$MACHINES" ] || [ -z "$NODES" ] ||
		refuse "MACHINES=$MACHINES and NODES=$NODES: expected one of them"
	[ $LAUNCHER = ssh ] || command -v sbatch >/dev/null ||
		refuse "no sbatch here: start it where Slurm is, or use MACHINES=file (docs/guide/many-machines.md)"
	find_mode smoke || exit
	MODE=$mode
	OUT=${OUT:-results/fleet-$(basename "$mode_file" .conf)}
	export PROLOGUE PARTIAL
	PROLOGUE=$(site_prologue) PARTIAL=${site[partial]}
}

# Sets MINUTES, a job's limit: the budget of the mode, half of it for repeats,
# 30 % for a slower machine, 5 minutes and the build; cut to what the site allows.
# A job that meets the limit goes on by a requeue.
estimate() {
	local most=${site[minutes-most]} limit=''
	BUDGET=$(awk -F= '$1 ~ /^budget[ \t]*$/ { v = $2 + 0; if ($2 ~ /h/) v *= 3600
		else if ($2 ~ /min/) v *= 60; print int(v + 0.999); exit }' "$mode_file")
	[ $LAUNCHER = ssh ] || limit=$(slurm_most)
	[ -z "$limit" ] || [ "$limit" -ge "$most" ] || most=$limit
	MINUTES=$((${BUDGET:-$((most * 60))} * 15 * 13 / 6000 + 5 + site[build-minutes]))
	[ "$MINUTES" -le "$most" ] || MINUTES=$most
}

machines() { # of this call, one a line
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

# What one folder is of does not change: another plan needs another one.
begin_folder() { # MACHINE...
	local wish="mode=$MODE${RUN[*]:+ ${RUN[*]}}"
	mkdir -p "$OUT/state" || exit 2
	OUT=$(cd "$OUT" && pwd -P)
	exec 8>>"$OUT/state/launchers.lock"
	flock 8
	if [ ! -e "$OUT/state/wish" ]; then
		date -u +%Y-%m-%dT%H:%M:%SZ >"$OUT/state/created"
		runner/origin.sh | cut -d" " -f1 >"$OUT/state/commit"
		echo "$(date +%s%N)-$RANDOM" >"$OUT/state/number" # tells it from others of its name
		echo "$wish" >"$OUT/state/wish"
	fi
	[ "$(<"$OUT/state/wish")" = "$wish" ] ||
		refuse "$OUT was begun with '$(<"$OUT/state/wish")', now it is '$wish'; expected that again, or another OUT"
	printf '%s\n' "$@" >>"$OUT/state/machines"
	all_machines >"$OUT/state/machines.$$" && mv "$OUT/state/machines.$$" "$OUT/state/machines"
	write_fleet # a launcher may be lost before it has seen anything
}

# Joins what runs, begins what does not; one launcher at a time, so that no
# machine is begun twice.
begin_all() {
	local node state reason
	for node in "$@"; do
		if grep -qs '"left out"' "$OUT/state/$node.admission"; then
			note "$node" 'left out' "$(sed 's/.*"reason": "\(.*\)"}$/\1/' "$OUT/state/$node.admission")"
			continue
		fi
		# in this order: a start may end in between
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
		# what an earlier start said is not this one's word
		printf '%-511s\n' 'queued - -' 1<>"$OUT/state/$node.status"
		if ! id[$node]=$("${LAUNCHER}_begin" "$node" 2>"$OUT/state/$node.refused"); then
			note "$node" missing "$(tail -n 1 "$OUT/state/$node.refused")"
			unset "id[$node]"
		fi
	done
	flock -u 8
}

# A machine whose start is over; a network file system may show its word late.
settle_machine() { # NODE WHY
	local state=missing reason="its results could not be fetched"
	if "${LAUNCHER}_fetch" "$1"; then
		IFS=$'\t' read -r state reason < <(state_of "$1")
		if [ "$state" = lost ] && [ "${misses[$1]:=0}" -lt 3 ]; then
			misses[$1]=$((misses[$1] + 1))
			return
		fi
	fi
	case $state in lost | interrupted) reason="$reason: $2" ;; esac
	[ "$state" = complete ] || reason="$reason; see state/$1.log"
	note "$1" "$state" "$reason"
	unset "id[$1]"
}

look() { # NODE
	local now
	now=$("${LAUNCHER}_look" "$1")
	case $now in
	gone*) settle_machine "$1" "${now#gone }" ;;
	waiting*)
		note "$1" waiting "${now#waiting }"
		if [ "$GIVE_UP" -gt 0 ] && [ $((SECONDS - begun)) -ge "$GIVE_UP" ]; then
			"${LAUNCHER}_give_up" "$1"
			note "$1" missing "${now#waiting }, given up after $GIVE_UP s"
			unset "id[$1]"
		fi
		;;
	away*) look_away "$1" "${now#away }" ;;
	*)
		unset "lost_since[$1]"
		note "$1" "$now"
		;;
	esac
}

# Out of reach is not lost: what runs there goes on.
look_away() { # NODE WHY
	: "${lost_since[$1]:=$SECONDS}"
	note "$1" running "cannot be reached now, may go on: $2"
	[ $((SECONDS - lost_since[$1])) -ge "$LOST_AFTER" ] || return 0
	note "$1" missing "out of reach for $LOST_AFTER s: $2"
	unset "id[$1]"
}

watch_all() {
	local node
	begun=$SECONDS
	while [ ${#id[@]} -gt 0 ]; do
		if "${LAUNCHER}_poll"; then
			for node in $(printf '%s\n' "${!id[@]}" | sort); do look "$node"; done
		else
			echo "campaign: $LAUNCHER does not answer; asking again"
		fi
		[ ${#id[@]} = 0 ] || sleep "$POLL"
	done
}

finish() {
	local node state reason bad=0 holes=0
	write_fleet
	for node in $(all_machines); do
		IFS=$'\t' read -r state reason 2>/dev/null <"$OUT/state/$node.seen" || state=missing
		[ "$state$reason" = complete ] && continue
		[ "$state" != complete ] && bad=$((bad + 1)) || holes=3
		echo "campaign: $node is $state${reason:+: $reason}" >&2
	done
	[ $bad = 0 ] && echo "complete: $OUT" && exit $holes
	echo "campaign: $bad of $(all_machines | wc -l) machines are not complete; the same line again goes on with them: $OUT" >&2
	exit 1
}

# One after the other, so that machines that share something do not disturb each
# other's turn. A campaign of its own each: what was asked is not asked again.
admit_all() { # MACHINE...
	local node verdict reason verdicts folder=$OUT/state/admission-${OUT##*/}
	for node in "$@"; do
		grep "^[[:space:]]*$node[[:space:]]" "${MACHINES:-/dev/null}" >"$OUT/state/one.$$"
		env ADMIT= SET= NODES="$([ $LAUNCHER = ssh ] || echo "$node")" MODE="${ADMISSION_MODE:-admission}" OUT="$folder" \
			MACHINES="$([ $LAUNCHER = slurm ] || echo "$OUT/state/one.$$")" \
			runner/fleet/campaign.sh --busy-ok --counters none >>"$OUT/state/admission.log" 2>&1
		echo "$node: asked for admission"
	done
	rm -f "$OUT/state/one.$$"
	verdicts=$("$(report/find_python.sh)" -m report admit "${@/#/$folder/}") ||
		refuse "the report says of no machine whether to admit it"
	while IFS=$'\t' read -r node verdict reason; do
		[ "$verdict" = admitted ] || verdict=$([ "$ADMIT" = mark ] && echo marked || echo 'left out')
		printf '{"verdict": %s, "reason": %s}' "$(json "$verdict")" "$(json "$reason")" >"$OUT/state/$node.admission"
		echo "$node: $verdict${reason:+, $reason}"
	done <<<"$verdicts"
}

# Bash reads a script while it runs. Somebody who edits or updates these sources
# in the meantime would have it go on in the middle of another line, so all of it
# is a function, and what calls it ends on its line.
# shellcheck disable=SC2086 # names without white space
main() {
	local list
	settle
	estimate
	list=$(machines) || exit 2
	[ -n "$list" ] || refuse "no machine is like that: ${NODES:-${MACHINES:-partition ${site[partition]:-any}, constraint ${site[constraint]:-none}}}"
	if [ -n "$PLAN" ]; then
		print_plan $list
		exit 0
	fi
	trap 'echo "campaign: this launcher ends, the machines go on; the same line joins them again" >&2; exit 130' INT TERM HUP
	begin_folder $list
	[ -z "$ADMIT" ] || admit_all $list
	begin_all $list
	watch_all
	finish
}
main; exit
