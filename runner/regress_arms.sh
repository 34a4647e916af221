#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# regress_arms.sh BASE - of `make regress`: builds base (a commit) into
# build/regress-base/, a second real copy of it for the A/A control into
# build/regress-copy/, head (the work tree) into build/regress-head/, and holds
# head to the checks: what answers wrongly, crashes or hangs is not timed.
# IMPL=FILE: of a map of another project, whose commits are compared
# (runner/regress_refs.sh); all is then in build/regress-their-ARM/, and what is
# measured of it in build/regress-their-plan/. MAPS='IDS': maps that are checked,
# else all of the plan; CC, BUILD are make's. Leaves build/regress-notes (or
# -their-notes): what was built, for the campaign.
# Status: 0; 1 head is broken; 2 usage or input.
export LC_ALL=C
gate=regress
[ -f runner/regress_arms.sh ] || { echo "$gate: expected to be started in the folder of Readmostly" >&2; exit 2; }
. runner/regress_refs.sh
cc=${CC:-gcc} build=${BUILD:-build/gcc}
at=build/regress${IMPL:+-their}
[ -n "${1-}" ] || say "expected BASE=<git ref>"
report/find_python.sh >/dev/null || exit 2
find_subject
case $impl in *.c | *.cc | '') ;; *) say "IMPL=$IMPL: expected a file that ends with .c or .cc" ;; esac
base=$(commit_of BASE "$1") || exit
head=$(commit_of HEAD HEAD) || exit
mkdir -p "$at-base" "$at-copy" "$at-head" && : >"$at-base/log" ||
	say "$at-base cannot be written"

quiet_make() { # ARM ARGUMENTS of make
	local log=$at-$1/log what=$2; shift 2
	make --no-print-directory -s -j"$(nproc)" CC="$cc" "$@" >"$log" 2>&1 && return
	tail -n 15 "$log" >&2
	say "$what does not build with $cc ($log): mend it or choose another commit"
}

# Of this project: either tree is built whole.
ours() {
	if [ "$(cat "$at-base/commit" 2>/dev/null)" != "$base" ]; then
		rm -rf "$at-base" "$at-copy"
		mkdir -p "$at-base/tree" "$at-copy" &&
			git archive "$base" | tar -x -C "$at-base/tree" ||
			say "${base:0:12} cannot be unpacked into $at-base"
		quiet_make base "base, ${base:0:12}," -C "$at-base/tree" \
			BUILD="$PWD/$at-base" "$PWD/$at-base/readmostly"
	fi
	quiet_make head "head, the work tree," BUILD="$at-head" "$at-head/readmostly"
}

# Of another: Readmostly as it is here, with their map of one commit in it.
theirs() { # ARM WHAT [COMMIT]
	local tree=$at-$1/theirs
	take_theirs "$tree" "${3-}"
	[ -f "$tree/$impl" ] || say "$1 has no $impl: there is nothing to compare with"
	rm -rf "${build:?}/$tree"
	quiet_make "$1" "$1, $impl of $2," BUILD="$build" OUT="$at-$1" \
		IMPL="$tree/$impl" IMPL_FLAGS="$(flags_of "$PWD/$tree")" \
		MAPS_BUILT="$id" STATS_MAPS= SIM_MAPS= "$at-$1/readmostly"
}
# The cells of the plan, of their map alone; the controls, too: they say what can
# be seen of it.
their_plan() {
	rm -rf "$at-plan"
	mkdir -p "$at-plan" && cp workloads/regress.conf workloads/regress-threads.conf \
		workloads/regress-aa.conf workloads/regress-slow.conf "$at-plan" &&
		sed -i "s/^maps  *=.*/maps = $id/" "$at-plan"/*.conf ||
		say "$at-plan cannot be written"
}

protocol_of() { # ARM: the version of the trial protocol that it speaks
	echo '{"protocol": 0}' | "$at-$1/readmostly" trial 2>&1 |
		sed -n 's/.*protocol is not \([0-9]*\)$/\1/p'
}

# broken MAP ARGUMENTS of check: whether head fails them, with what was found.
# Each check is a process, with a limit of CPU time for each operation: a crash
# and a deadlock end it and are told. A count of operations: no clock decides.
broken() {
	local log=$at-head/checks
	# shellcheck disable=SC2086 # words
	"$at-head/readmostly" check "$@" --shape u64x8 --quiet \
		${CHECK:---ops 20000 --deadline 5} >"$log" 2>&1 && return 1
	[ $? = 1 ] || say "$1: $(tail -n 1 "$log")"
	grep '^FAIL' "$log" | head -n 5
	echo "all of it: $log"
}
stop_broken() {
	local map
	# shellcheck disable=SC2086
	for map in $(echo ${id:-${MAPS:-$(sed -n 's/^maps *= *//p' workloads/regress.conf workloads/regress-[!e]*.conf | tr ' ' '\n' | sort -u)}} | tr , ' '); do
		# what one thread shows is told before all that hangs by it
		broken "$map" --only model || broken "$map" || continue
		[ "${GITHUB_ACTIONS:-}" != true ] ||
			echo "::error title=Readmostly FAIL::$map of head fails its checks; nothing was timed"
		echo "verdict: FAIL ($map of head fails its checks; nothing was timed)"
		exit 1
	done
}

if [ -n "$id" ]; then
	theirs base "${base:0:12}" "$base"
	theirs head 'the work tree'
	their_plan
else
	ours
fi
[ "$(protocol_of base)" = "$(protocol_of head)" ] ||
	say "base, ${base:0:12}, speaks version $(protocol_of base) of the trial protocol, head $(protocol_of head): choose a base of the same version"
cp --reflink=never "$at-base/readmostly" "$at-copy/readmostly" ||
	say "$at-copy cannot be written"
[ -n "$id" ] || echo "$base" >"$at-base/commit"
changed=$(changes_of "$repo")
# Slowdowns that are accepted on purpose: report/trailers.py reads them.
printf '%s\n' "commit=$base" "head=$head$changed" ${id:+"map=$impl"} \
	${id:+"readmostly=$(readmostly_commit)"} >"$at-notes" &&
	git -C "$repo" log --reverse --topo-order --format=%B "$base..$head" |
	sed -n '/^Slower:/p' | sed = | sed 'N; s/^/slower/; s/\n/=/' >>"$at-notes" ||
	say "$at-notes cannot be written"
[ -z "$changed" ] || echo "$gate: head is ${head:0:12} and changes that are not committed" >&2
stop_broken
