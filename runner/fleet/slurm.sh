# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# slurm.sh - machines of campaign.sh that Slurm manages: one exclusive job for each.
# docs/reference/fleet.md explains each option of sbatch.

# An array task is not tied to a machine, and a job of many machines waits for all
# of them, so each machine has its own job. Other launchers find it by its name.
slurm_name() { echo "rm-$(cksum <<<"$OUT" | cut -d' ' -f1)-$1"; }

slurm_machines() { # prints one name per line
	if [ -n "$NODES" ]; then
		scontrol show hostnames "$NODES"
	else # %f: the features of a node, separated by commas
		sinfo -h -N ${site[partition]:+-p "${site[partition]}"} -o '%N %f' |
			awk -v f="${site[constraint]}" '{ n = split($2, feature, ","); ok = (f == "")
				for (i = 1; i <= n; i++) if (feature[i] == f) ok = 1
				if (ok) print $1 }' | sort -u
	fi
}

# Prints the time limit of the partition in minutes; nothing if unlimited.
slurm_time_limit() {
	local text days=0
	text=$(sinfo -h ${site[partition]:+-p "${site[partition]}"} -o %l) || refuse "${NODES:+NODES=$NODES: }sinfo" \
		"reports the error above: run it on a login node of Slurm, or use MACHINES=file (docs/guide/many-machines.md)"
	text=${text%%$'\n'*}
	[[ $text =~ ^[0-9:-]+$ ]] || return 0
	[[ $text != *-* ]] || { days=${text%%-*} text=${text#*-}; }
	awk -F: -v d="$days" '{ h = NF == 3 ? $1 : 0; m = NF == 3 ? $2 : $1
		print int(d * 1440 + h * 60 + m) }' <<<"$text"
}

slurm_find() { squeue -h --me -n "$(slurm_name "$1")" -o %i | head -n 1; }

# singleton: if a file lock does not work between login nodes, the second job with the same name waits for the first and
# finds everything done.
slurm_begin() { # NODE: prints the job's id
	local words=()
	[ -z "${site[sbatch]}" ] || read -ra words <<<"${site[sbatch]}"
	sbatch --parsable --job-name="$(slurm_name "$1")" --nodelist="$1" \
		${site[account]:+--account="${site[account]}"} ${site[qos]:+--qos="${site[qos]}"} \
		${site[partition]:+--partition="${site[partition]}"} \
		${site[constraint]:+--constraint="${site[constraint]}"} \
		--nodes=1 --ntasks=1 --exclusive --mem=0 --time="$MINUTES" \
		--signal="B:TERM@${site[warn-seconds]}" --requeue --dependency=singleton \
		--open-mode=append --output="$OUT/state/$1.log" --chdir="$PWD" \
		"${words[@]}" --wrap="exec $(printf '%q ' runner/fleet/start.sh "$OUT" "$1" "$MODE" "${RUN[@]}")"
}

# Sets seen[ID]="STATE REASON" of all jobs of this user; fails if Slurm does not answer.
slurm_poll() {
	local text id now why
	text=$(squeue -h --me -t all -o '%i|%T|%r' 2>/dev/null) || return 1
	seen=()
	while IFS='|' read -r id now why; do
		[ -z "$id" ] || seen[$id]="$now $why"
	done <<<"$text"
}

# Prints the state of NODE's job: "waiting WHY", "running" or "ended WHY".
slurm_state() {
	local now=${seen[${id[$1]}]:-}
	case $now in
	'') echo "ended the job is not known any more" ;;
	RUNNING* | COMPLETING* | CONFIGURING* | SUSPENDED* | STOPPED* | SIGNALING* | RESIZING* | STAGE_OUT*) echo running ;;
	PENDING* | REQUEUE*) echo "waiting ${now#* }" ;;
	*) echo "ended $now" ;;
	esac
}

# Cancels only pending jobs, as the job may have started since the poll.
slurm_give_up() { scancel --state=PENDING "${id[$1]}"; }
slurm_fetch() { :; } # one file system, on both sides
