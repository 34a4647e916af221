# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# ssh.sh - machines of campaign.sh reached by ssh and rsync, for labs without Slurm.
# A start is a separate session on the machine (setsid), so that it survives a lost
# connection. Its lock is held while it runs; its status file has its result. Sources
# are sent first, and results are fetched after the end.
# MACHINES is a text file with lines NAME HOST [FOLDER]; HOST is an ssh destination.
declare -A host=() place=() lost_since=()
LOST_AFTER=${LOST_AFTER:-600} # seconds for which a machine may be unreachable

# Reads MACHINES; exits on an error. Names are also folder names.
ssh_read_machines() {
	local line number=0 words
	[ -r "$MACHINES" ] || refuse "$MACHINES: no such file, expected lines NAME HOST [FOLDER]"
	while read -r line || [ -n "$line" ]; do
		number=$((number + 1))
		read -ra words <<<"${line%%#*}"
		[ ${#words[@]} -gt 0 ] || continue
		[[ ${#words[@]} -ge 2 && ${#words[@]} -le 3 && ${words[0]} =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ && ${words[0]} != state ]] ||
			refuse "$MACHINES:$number: expected NAME HOST [FOLDER], not '$line'"
		[ -z "${host[${words[0]}]}" ] || refuse "$MACHINES:$number: ${words[0]} is listed twice"
		host[${words[0]}]=${words[1]} place[${words[0]}]=${words[2]:-readmostly-fleet}
	done <"$MACHINES"
}
ssh_machines() { ssh_read_machines; printf '%s\n' "${!host[@]}"; }

SSH_OPTIONS='-o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=10 -o ServerAliveCountMax=3'
# Closes descriptor 8, so that a persistent connection does not keep the lock.
ssh_run_home() { # NODE COMMAND: runs it in the home directory, with standard input
	# shellcheck disable=SC2086 # words
	${site[ssh]:-ssh} $SSH_OPTIONS "${host[$1]}" "$2" 8>&-
}
ssh_run() { # NODE COMMAND
	local command
	[ ${#host[@]} -gt 0 ] || ssh_read_machines
	printf -v command 'cd %q && { %s\n}' "${place[$1]}" "$2"
	ssh_run_home "$1" "$command" </dev/null
}
ssh_rsync() { # ARGUMENTS; files belong to the receiving user, even if that is root
	rsync -a --no-owner --no-group -e "${site[ssh]:-ssh} $SSH_OPTIONS" "$@" 8>&-
}
# Prints the remote path of the state files of NODE, without a suffix, quoted for the shell.
ssh_state_prefix() { printf %q "results/${OUT##*/}/state/$1"; }
# If two local folders have the same base name, the first one owns the remote folder,
# whose state/of contains its number. Prints that number, quoted for the shell.
ssh_owner() { printf %q "$(cat "$OUT/state/number" 2>/dev/null || cat "$OUT/state/created")"; }

# Prints a text if a start is running on the machine. Otherwise fetches the results of a
# start that ended since the last fetch.
ssh_find() {
	local files text
	files=$(ssh_state_prefix "$1")
	text=$(ssh_run "$1" "[ ! -e ${files%/*}/of ] || grep -qxFe $(ssh_owner) ${files%/*}/of || exit
		[ ! -e $files.lock ] || flock -n $files.lock true || echo held; cat $files.status" 2>/dev/null)
	if [ "$(head -n 1 <<<"$text")" = held ]; then
		echo "a running start"
	elif [ -n "$text" ] && [ "$text" != "$(cat "$OUT/state/$1.status" 2>/dev/null)" ]; then
		ssh_fetch "$1" >&2
	fi
}

# Prints assignments of the variables of start.sh for the remote shell.
ssh_environment() {
	local name commit dirty
	read -r commit dirty < <(runner/origin.sh)
	for name in PROLOGUE PARTIAL CC RM_FLEET_PROGRAM RM_TRIAL_PROGRAM RM_FAKE; do
		[ -z "${!name}" ] || printf '%s=%q ' "$name" "${!name}"
	done
	printf 'RM_COMMIT=%q RM_DIRTY=%s LOCK_HELD=1' "$commit" "$dirty"
}

# Sends tracked files, and untracked ones that git does not ignore; sends nothing if git is missing.
# Compares contents, and does not copy times: with its old time, a file could be older than the
# object of its predecessor. First removes files that were sent before and no longer exist, because
# make uses all sources that it finds. The list of sent files is on the machine, because several
# folders OUT may send to it. A truncated list would delete files.
ssh_send() { # NODE
	local list=$OUT/state/$1.sources file command status
	git ls-files -z --cached --others --exclude-standard >"$list.all" || {
		rm -f "$list.all"
		return 0
	}
	while IFS= read -r -d '' file; do
		[ ! -e "$file" ] && [ ! -L "$file" ] || printf '%s\0' "$file"
	done <"$list.all" | LC_ALL=C sort -zu >"$list"
	printf -v command 'export LC_ALL=C; sent=results/.sources; mkdir -p %q/results && cd %q && cat >$sent.new &&
		[ "$(wc -c <$sent.new)" = %d ] && touch $sent &&
		comm -z -23 $sent $sent.new | xargs -0 -r rm -f -- && mv $sent.new $sent' \
		"${place[$1]}" "${place[$1]}" "$(stat -c %s "$list")"
	ssh_run_home "$1" "$command" <"$list" && ssh_rsync --checksum --no-times --from0 --ignore-missing-args \
		--files-from="$list" . "${host[$1]}:${place[$1]}/"
	status=$?
	rm -f "$list" "$list.all"
	return $status
}

# Takes the lock and passes it on to start.sh. Under the lock it overwrites the status
# of an earlier start. If another start holds the lock, it does nothing.
ssh_begin() { # NODE
	local files start
	[ ${#host[@]} -gt 0 ] || ssh_read_machines
	files=$(ssh_state_prefix "$1")
	ssh_send "$1" || return 1
	printf -v start '%q ' runner/fleet/start.sh "results/${OUT##*/}" "$1" "$MODE" "${RUN[@]}"
	ssh_run "$1" "mkdir -p ${files%/*} || exit 1
		[ -e ${files%/*}/of ] || echo $(ssh_owner) >${files%/*}/of || exit 1
		grep -qxFe $(ssh_owner) ${files%/*}/of || { echo ${files%/state*} 'belongs to another campaign, expected another OUT' >&2; exit 1; }
		exec 9>>$files.lock || exit 1
		flock -n 9 || exit 0
		printf '%-511s\\n' 'queued - -' 1<>$files.status
		$(ssh_environment) setsid $start >>$files.log 2>&1 </dev/null &" || return 1
	echo "session"
}

ssh_poll() { :; } # each machine is polled separately

# Copies the status of a running start. The final status is fetched only with the
# results.
ssh_state() { # NODE
	local text files
	files=$(ssh_state_prefix "$1")
	if ! text=$(ssh_run "$1" "cat $files.status; flock -n $files.lock true && echo free || echo held" 2>"$OUT/state/$1.refused"); then
		echo "unreachable $(tail -n 1 "$OUT/state/$1.refused")"
		return
	fi
	if [ "$(tail -n 1 <<<"$text")" != held ]; then echo "ended no start is running"; return; fi
	head -n 1 <<<"$text" >"$OUT/state/$1.status"
	echo running
}
ssh_give_up() { :; }

# Fetches the status last, so that an incomplete fetch is repeated by any launcher
# (ssh_find). Always copies it, as another status may have the same length and time.
ssh_fetch() { # NODE
	[ ${#host[@]} -gt 0 ] || ssh_read_machines
	local from="${host[$1]}:${place[$1]}/results/${OUT##*/}/"
	ssh_rsync --include="/$1/" --exclude="/$1/report" --include="/$1/**" --include=/state/ --include="/state/$1.log" \
		--include="/state/$1.starts" --include="/state/$1.doctor" --exclude='*' "$from" "$OUT/" &&
		ssh_rsync --ignore-times "${from}state/$1.status" "$OUT/state/"
}
