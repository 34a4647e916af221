# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# site.sh - reads a site file: account, partition, modules and other settings that
# do not belong to a workload (docs/guide/many-machines.md, examples/fleet/site.conf).

declare -A site=([build-minutes]=10 [minutes-most]=1440 [warn-seconds]=120 [partial]=no)
SITE_KEYS=' account build-minutes constraint minutes-most modules partial partition prologue qos sbatch ssh warn-seconds '
SITE_NUMBERS=' build-minutes minutes-most warn-seconds '

trim() { # TEXT: prints it without surrounding white space
	local text=$1
	text=${text#"${text%%[![:space:]]*}"}
	printf %s "${text%"${text##*[![:space:]]}"}"
}

# Reads one line, `key = value`; errors go to standard error.
read_site_line() { # FILE NUMBER LINE
	local key value
	[[ $3 = *=* ]] || { echo "$1:$2: expected key = value, not '$3'" >&2; return 1; }
	key=$(trim "${3%%=*}") value=$(trim "${3#*=}")
	[[ $SITE_KEYS = *" $key "* ]] ||
		{ echo "$1:$2: unknown key '$key', expected one of:$SITE_KEYS" >&2; return 1; }
	if [[ $SITE_NUMBERS = *" $key "* ]] && ! [[ $value =~ ^[1-9][0-9]{0,5}$ ]]; then
		echo "$1:$2: $key = $value, expected a whole number, 1 to 999999" >&2
		return 1
	fi
	site[$key]=$value
}

read_site() { # FILE
	local line number=0
	[ -r "$1" ] || { echo "$1: no such site file; see examples/fleet/site.conf" >&2; return 1; }
	while IFS= read -r line || [ -n "$line" ]; do
		number=$((number + 1))
		line=$(trim "$line")
		case $line in '' | '#'*) continue ;; esac
		read_site_line "$1" $number "$line" || return 1
	done <"$1"
}

# Prints the shell command that runs on each machine before the build. It fails if a module is
# missing, because a different compiler would then build the maps.
site_prologue() {
	if [ -n "${site[modules]}" ]; then
		printf 'module load %s && eval %q' "${site[modules]}" "${site[prologue]:-:}"
	else
		printf %s "${site[prologue]:-:}"
	fi
}
