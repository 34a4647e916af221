# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# status.sh - state of each machine of a campaign: reads status files, writes
# fleet.json (results/README.md) and prints changes.

json() { # TEXT: prints it as a JSON string; null if empty
	local text=$1
	[ -n "$text" ] || { printf null; return; }
	text=${text//\\/\\\\}
	text=${text//\"/\\\"}
	printf '"%s"' "$(tr -d '\000-\037\177' <<<"$text" | iconv -c -t UTF-8)"
}

# read_status NODE: sets phase (queued, running, requeued, ended, whole or empty), rc, job, why.
read_status() {
	phase='' rc='' job='' why=''
	read -r phase rc job why 2>/dev/null <"$OUT/state/$1.status" || phase=''
	[ "$rc" != - ] || rc=''
	[ "$job" != - ] || job=''
}

# Prints the state of a start that has ended, a tab and the reason, from NODE's status file.
state_of() {
	local phase rc job why
	read_status "$1"
	case $phase:$rc in
	ended:0) printf 'complete\t' ;;
	whole:*) printf 'complete\t%s' "${why#status: }" ;;
	ended:75 | requeued:75) printf 'interrupted\t%s' "${why:-stopped}" ;;
	ended:*) printf 'failed\t%s' "$why" ;;
	running:*) printf 'lost\tended without a status' ;;
	*) printf 'lost\tnever started' ;;
	esac
}

# Prints the last verdict that the log of a complete machine has.
trust_of() { # NODE
	local line
	line=$(awk '/^start: / { text = "" } sub(/^Trust: /, "") { text = $0 } END { print text }' "$OUT/state/$1.log" 2>/dev/null)
	[ -n "$line" ] || line="unknown. Its log lacks a verdict"
	line=${line%.}
	[[ $line != *". "* ]] || line="${line%%. *} (${line#*. })"
	printf '; trust: %s' "$line"
}

# Prints the line of NODE.refused that names the cause, since rsync's last line does not name it.
cause_of() { # NODE
	local line file=$OUT/state/$1.refused
	line=$(grep -m 1 -E 'No space left|Permission denied|: (command )?not found$' "$file" || tail -n 1 "$file")
	[[ ! $line =~ ([a-z0-9-]+):\ (command\ )?not\ found$ ]] || line="${BASH_REMATCH[1]} is not installed on $1"
	printf %s "$line"
}

# Stores the state of a machine; prints it if it changed.
note() { # NODE STATE [REASON]
	local line=$2$'\t'$3 file=$OUT/state/$1.seen
	[ "${last[$1]}" != "$line" ] || return 0
	last[$1]=$line
	printf '%s\n' "$line" >"$file.$$" && mv "$file.$$" "$file"
	echo "$1: $2${3:+: $3}$([ "$2" != complete ] || trust_of "$1")"
	write_fleet
}

machine_json() { # NODE
	local phase rc job why state reason starts
	read_status "$1"
	IFS=$'\t' read -r state reason 2>/dev/null <"$OUT/state/$1.seen" || state=missing
	starts=$(cat "$OUT/state/$1.starts" 2>/dev/null | wc -l)
	printf '  {"name": %s, "folder": %s, "state": %s, "status": %s, "reason": %s, "job": %s, "starts": %d, "admission": %s}' \
		"$(json "$1")" "$(json "$1")" "$(json "$state")" "${rc:-null}" "$(json "$reason")" \
		"$(json "$job")" "$starts" "$(cat "$OUT/state/$1.admission" 2>/dev/null || echo null)"
}

# Replaces fleet.json atomically. Reads only files, so all launchers write the same.
write_fleet() {
	local node comma='' whole=true file=$OUT/fleet.json
	for node in $(all_machines); do
		grep -qs '^complete' "$OUT/state/$node.seen" || whole=false
	done
	{
		printf '{"format": 1, "kind": "fleet", "name": %s, "launcher": %s, "wish": %s,\n' \
			"$(json "${OUT##*/}")" "$(json "$LAUNCHER")" "$(json "$(<"$OUT/state/wish")")"
		printf ' "commit": %s, "created_utc": %s, "complete": %s,\n "machines": [\n' \
			"$(json "$(<"$OUT/state/commit")")" "$(json "$(<"$OUT/state/created")")" $whole
		for node in $(all_machines); do
			printf '%s' "$comma"
			machine_json "$node"
			comma=$',\n'
		done
		printf '\n]}\n'
	} | tr -d '\n' | runner/seal.sh >"$file.$$" && mv "$file.$$" "$file"
}

# Prints all machines ever requested in this folder, by name.
all_machines() { sort -u "$OUT/state/machines"; }
