# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# mode.sh - for bench.sh, answer.sh and fleet/campaign.sh: finds the mode of MODE and SET. find_mode DEFAULT sets mode
# (a name or a file), mode_file and mode_words. For an unknown mode it prints those that exist and returns 2.
find_mode() {
	local crossover name known=', MODE=smoke, MODE=quick, MODE=standard, MODE=full'
	mode=${MODE:-$([ -n "$SET" ] && echo quick || echo "$1")}
	mode_words="${SET:+set $SET, }mode $mode"
	[ -z "$SET" ] || mode=workloads/modes/$SET-$mode.conf
	mode_file=$mode
	[ -f "$mode" ] || mode_file=workloads/modes/$mode.conf
	[ ! -f "$mode_file" ] || return 0
	for name in workloads/modes/*.conf; do
		name=$(basename "$name" .conf)
		case $name in
		smoke | quick | standard | full) ;;
		crossover-*) crossover+=", MODE=${name#*-}" ;; # for make crossover, without SET
		*-*) known="$known, SET=${name%%-*} MODE=${name#*-}" ;;
		*) known="$known, MODE=$name" ;;
		esac
	done
	[ "$SET" != crossover ] || known=$crossover SET=
	echo "${SET:+SET=$SET${MODE:+ }}${MODE:+MODE=$MODE}: no such mode: expected one of ${known#, }" >&2
	return 2
}
