# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# ssh.sh - machines of campaign.sh that are reached by ssh and rsync, for labs
# without Slurm. A start is a session of its own there (setsid), so that a lost
# connection leaves it running; its lock says whether it runs, its status file how
# it ended. Sources go there, and results come back when it has ended.
# MACHINES is a text file: NAME HOST [FOLDER] a line, HOST as ssh takes it.
declare -A host=() place=() lost_since=()
LOST_AFTER=${LOST_AFTER:-600} # seconds for which a machine may be out of reach

# Fails with one line. Names are folders, too.
ssh_read() {
	local line number=0 words
	[ -r "$MACHINES" ] || refuse "$MACHINES: no such list of machines, expected NAME HOST [FOLDER] a line"
	while read -r line || [ -n "$line" ]; do
		number=$((number + 1))
		read -ra words <<<"${line%%#*}"
		[ ${#words[@]} -gt 0 ] || continue
		[[ ${#words[@]} -ge 2 && ${#words[@]} -le 3 && ${words[0]} =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ && ${words[0]} != state ]] ||
			refuse "$MACHINES:$number: expected NAME HOST [FOLDER], not '$line'"
		[ -z "${host[${words[0]}]}" ] || refuse "$MACHINES:$number: ${words[0]} is there twice"
		host[${words[0]}]=${words[1]} place[${words[0]}]=${words[2]:-readmostly-fleet}
	done <"$MACHINES"
}
ssh_machines() { ssh_read; printf '%s\n' "${!host[@]}"; }

SSH_OPTIONS='-o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=10 -o ServerAliveCountMax=3'
# Closed descriptors: a connection that is kept open shall not keep a lock.
ssh_there() { # NODE COMMAND: in the home there; reads what is piped in
	# shellcheck disable=SC2086 # words
	${site[ssh]:-ssh} $SSH_OPTIONS "${host[$1]}" "$2" 8>&-
}
ssh_do() { # NODE COMMAND
	local there=cd
	[ ${#host[@]} -gt 0 ] || ssh_read
	printf -v there 'cd %q && { %s\n}' "${place[$1]}" "$2"
	ssh_there "$1" "$there" </dev/null
}
ssh_rsync() { # ARGUMENTS
	rsync -a -e "${site[ssh]:-ssh} $SSH_OPTIONS" "$@" 8>&-
}
# NODE: there, without an ending; quoted for the shell there.
ssh_files() { printf %q "results/${OUT##*/}/state/$1"; }
# Of two folders here that end in one name the one that came first has the folder
# there, whose state/of has its number; quoted for the shell there.
ssh_of() { printf %q "$(cat "$OUT/state/number" 2>/dev/null || cat "$OUT/state/created")"; }

# Prints something where a start holds the machine. What ended there and was
# not told here comes first.
ssh_find() {
	local files text
	files=$(ssh_files "$1")
	text=$(ssh_do "$1" "[ ! -e ${files%/*}/of ] || grep -qxFe $(ssh_of) ${files%/*}/of || exit
		[ ! -e $files.lock ] || flock -n $files.lock true || echo held; cat $files.status" 2>/dev/null)
	if [ "$(head -n 1 <<<"$text")" = held ]; then
		echo "a start that runs there"
	elif [ -n "$text" ] && [ "$text" != "$(cat "$OUT/state/$1.status" 2>/dev/null)" ]; then
		ssh_fetch "$1" >&2
	fi
}

# Of what start.sh reads: assignments for the shell there.
ssh_environment() {
	local name commit dirty
	read -r commit dirty < <(runner/origin.sh)
	for name in PROLOGUE PARTIAL CC RM_FLEET_PROGRAM RM_TRIAL_PROGRAM RM_FAKE; do
		[ -z "${!name}" ] || printf '%s=%q ' "$name" "${!name}"
	done
	printf 'RM_COMMIT=%q RM_DIRTY=%s LOCK_HELD=1' "$commit" "$dirty"
}

# What git knows of here, or would; of a folder without git nothing. By content, and
# each file has there the time when it came: with that of here it could be older
# than an object of what it was. What was sent before and is not among them goes
# first, for make takes all sources that it finds; the list of what was sent is
# there, as several folders OUT and people may send. A list that came in part would
# take whole files for gone.
ssh_send() { # NODE
	local list=$OUT/state/$1.sources file there status
	git ls-files -z --cached --others --exclude-standard >"$list.all" || {
		rm -f "$list.all"
		return 0
	}
	while IFS= read -r -d '' file; do
		[ ! -e "$file" ] && [ ! -L "$file" ] || printf '%s\0' "$file"
	done <"$list.all" | LC_ALL=C sort -zu >"$list"
	printf -v there 'export LC_ALL=C; sent=results/.sources; mkdir -p %q/results && cd %q && cat >$sent.new &&
		[ "$(wc -c <$sent.new)" = %d ] && touch $sent &&
		comm -z -23 $sent $sent.new | xargs -0 -r rm -f -- && mv $sent.new $sent' \
		"${place[$1]}" "${place[$1]}" "$(stat -c %s "$list")"
	ssh_there "$1" "$there" <"$list" && ssh_rsync --checksum --no-times --from0 --ignore-missing-args \
		--files-from="$list" . "${host[$1]}:${place[$1]}/"
	status=$?
	rm -f "$list" "$list.all"
	return $status
}

# The lock is handed on, without a moment between. Under it the word of an
# earlier start goes; a start beside it is not made.
ssh_begin() { # NODE
	local files start
	[ ${#host[@]} -gt 0 ] || ssh_read
	files=$(ssh_files "$1")
	ssh_send "$1" || return 1
	printf -v start '%q ' runner/fleet/start.sh "results/${OUT##*/}" "$1" "$MODE" "${RUN[@]}"
	ssh_do "$1" "mkdir -p ${files%/*} || exit 1
		[ -e ${files%/*}/of ] || echo $(ssh_of) >${files%/*}/of || exit 1
		grep -qxFe $(ssh_of) ${files%/*}/of || { echo ${files%/state*} 'there is another campaign'\''s, expected another OUT' >&2; exit 1; }
		exec 9>>$files.lock || exit 1
		flock -n 9 || exit 0
		printf '%-511s\\n' 'queued - -' 1<>$files.status
		$(ssh_environment) setsid $start >>$files.log 2>&1 </dev/null &" || return 1
	echo "session"
}

ssh_poll() { :; } # each machine is asked by itself

# Its word comes along while it runs, so that what is told here is what stands
# there. The last word comes with the results only.
ssh_look() { # NODE
	local text files
	files=$(ssh_files "$1")
	if ! text=$(ssh_do "$1" "cat $files.status; flock -n $files.lock true && echo free || echo held" 2>"$OUT/state/$1.refused"); then
		echo "away $(tail -n 1 "$OUT/state/$1.refused")"
		return
	fi
	if [ "$(tail -n 1 <<<"$text")" != held ]; then echo "gone no start runs there"; return; fi
	head -n 1 <<<"$text" >"$OUT/state/$1.status"
	echo running
}
ssh_give_up() { :; }

# The status last: what ended there and was not fetched whole is fetched again, by
# any launcher (ssh_find). Copied in any case, for another one can have the same
# length and time.
ssh_fetch() { # NODE
	[ ${#host[@]} -gt 0 ] || ssh_read
	local from="${host[$1]}:${place[$1]}/results/${OUT##*/}/"
	ssh_rsync --include="/$1/" --exclude="/$1/report" --include="/$1/**" --include=/state/ --include="/state/$1.log" \
		--include="/state/$1.starts" --include="/state/$1.doctor" --exclude='*' "$from" "$OUT/" &&
		ssh_rsync --ignore-times "${from}state/$1.status" "$OUT/state/"
}
