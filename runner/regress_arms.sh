#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# regress_arms.sh BASE [COMMAND...] - for `make regress`: builds the map programs of base (a commit) into
# build/regress-base/maps, a real copy of them for the A/A control into build/regress-copy/maps, and those of head (the
# work tree) into build/regress-head/maps.
# It checks head: a map with wrong answers, crashes or hangs is not timed. A map with equal programs in both arms is
# neither checked nor timed; the note `same` lists such maps. Then COMMAND runs, which measures the arms.
# IMPL=FILE: a map of another project, whose commits are compared (runner/regress_refs.sh); then everything is in
# build/regress-their-ARM/, and its plan in build/regress-their-plan/. IMPL=FILE.so: a library (runner/readmostly.h), in
# any language; IMPL_MAKE='COMMAND' builds it, or an untracked source, in the tree of each arm (CPATH has readmostly.h).
# MAPS='IDS' and WORKLOAD=FILE select maps of the plan as in runner/regress.sh; the controls' maps are built, too. CC
# and BUILD are make's. Writes build/regress-base/built (commit, compiler and maps: a later call that differs in these
# builds again) and build/regress-notes (or -their-notes), the notes of the campaign.
# LOCK: held from before the builds until COMMAND ends, so that no other run in this tree rebuilds a program or library
# that is being measured. Status: COMMAND's, else 0; 1 head is broken; 2 usage or input.
. runner/base/environment.sh
export LC_ALL=C
gate=regress
[ -f runner/regress_arms.sh ] || { echo "$gate: start it in the folder of Readmostly" >&2; exit 2; }
cc=${CC:-gcc} build=${BUILD:-build/gcc}
. runner/regress_refs.sh
. runner/regress_builds.sh
at=build/regress${IMPL:+-their}
[ -n "${1-}" ] || fail "expected BASE=<git ref>"
ref=$1
shift
lock_run() { # waits only after the arguments are checked
	[ -n "${LOCK:-}" ] || return
	mkdir -p "$(dirname "$LOCK")" && : >>"$LOCK" || fail "$LOCK cannot be written"
	take_lock 8 "$LOCK"
}
find_subject
case $impl in *.c | *.cc | *.so | '') ;; *) fail "IMPL=$IMPL: expected a file that ends with .c, .cc or .so" ;; esac
find_python || exit 2
base=$(commit_of BASE "$ref") || exit
lock_run
lock_builds
head=$(commit_of HEAD HEAD) || exit
mkdir -p "$at-base" "$at-copy" "$at-head" && : >"$at-base/log" ||
	cannot build "$at-base cannot be written"
room_in build

# Builds both arms of this project. Head's objects are in $build, base's objects in a folder of their own.
build_ours() {
	local key found
	# shellcheck disable=SC2086 # words
	quiet_make "head, the work tree," "$at-head/log" 'fix it' BUILD="$build" OUT="$at-head" \
		NEEDED="$(printf 'plain/%s ' $maps)$(printf 'check/%s ' $chosen)" programs
	key="$base $(compiled_by)"
	[ "$(cat "$at-base/built" 2>/dev/null)" != "$key $maps" ] || return
	# Objects of the same commit can be reused for other maps if the make that built them has ended.
	if [ "$(cut -d' ' -f1,2 "$at-base/built" 2>/dev/null)" = "$key" ]; then
		rm "$at-base/built"
	else
		rm -f "$at-base/built"
		rm -rf "$at-base" "$at-copy"
		mkdir -p "$at-base" "$at-copy" && unpack "$base" "$at-base/tree"
	fi
	# shellcheck disable=SC2086 # words
	found=$(maps_in "$at-base/tree" "$base" $maps) || exit
	# shellcheck disable=SC2046,SC2086 # words
	quiet_make "base, ${base:0:12}," "$at-base/log" 'choose another commit' -C "$at-base/tree" \
		BUILD="$PWD/$at-base" $(printf "$PWD/$at-base/maps/plain/%s " $found)
	echo "$key $maps" >"$at-base/built" || cannot "$at-base" "$at-base/built cannot be written"
}

# Builds an arm for a map of another project: this Readmostly with one commit of the map.
build_theirs() { # ARM WHAT [COMMIT]
	local tree=$at-$1/theirs file=$at-$1/theirs/$impl
	take_theirs "$tree" "${3-}"
	echo "building $1, $impl of $2" >&2
	[ -z "${IMPL_MAKE:-}" ] ||
		(cd "$tree" && CPATH=$readmostly_home/runner${CPATH:+:$CPATH} sh -c "$IMPL_MAKE") >"$at-$1/log" 2>&1 || {
		tail -n 15 "$at-$1/log" >&2
		fail "$1, $2: IMPL_MAKE=$IMPL_MAKE fails ($at-$1/log): fix it or choose another commit"
	}
	[ -f "$file" ] || fail "$1 has no $impl: there is nothing to compare with${IMPL_MAKE:+, or IMPL_MAKE does not make it}"
	rm -rf "${build:?}/$tree"
	case $impl in *.so) write_called_map "$1"; file=$tree/called/$id.c ;; esac
	quiet_make "$1, $impl of $2," "$at-$1/log" 'fix it or choose another commit' \
		BUILD="$build" OUT="$at-$1" \
		IMPL="$file" IMPL_FLAGS="$(flags_of "$PWD/$tree")" \
		NEEDED="plain/$id check/$id check/library" programs
}
# write_called_map ARM: writes the map whose operations are calls into the user's library. `readmostly check` validates the
# library, for base and head.
write_called_map() {
	local tree=$PWD/$at-$1/theirs
	mkdir -p "$tree/called" && cat >"$tree/called/$id.c" <<MAP || cannot build "$tree cannot be written"
#define FOREIGN_FILE "$tree/$impl"
#include "runner/foreign_loop.h"
const struct rm_impl rm_impl_$id = { .id = "$id",
	.label = "$id, each operation a call", .family = "free",
	.sync = "its own", .source = "$id.so", .system = "", .shapes = 1,
	.guarantees = "none", .progress = "blocking", .dispatch = "callback",
	.ops = &foreign_ops, .drive = { drive_u64x8 } };
MAP
}
judge_library() { # ARM
	local output
	output=$("$at-$1/readmostly" check "$at-$1/theirs/$impl" --shape u64x8 --only model --ops 1 2>&1)
	[ $? != 2 ] || fail "$1: ${output##*$'\n'}"
}
# The plan's cells for the user's map only, including the controls, which determine what is detectable.
their_plan() {
	rm -rf "$at-plan"
	mkdir -p "$at-plan" && cp workloads/regress.conf workloads/regress-threads.conf \
		workloads/regress-aa.conf workloads/regress-slow.conf "$at-plan" &&
		sed -i "s/^maps  *=.*/maps = $id/" "$at-plan"/*.conf ||
		cannot build "$at-plan cannot be written"
}

# fails_checks MAP ARGUMENTS of check: returns 0 if head fails the checks, and prints the failures. Every shape that the
# map declares is checked, since string keys and long values use different code. Each check is a process with a limit of
# CPU time per operation, so that crashes and deadlocks are reported. The number of operations is fixed, so that no
# clock decides when they end.
fails_checks() {
	local log=$at-head/checks
	# shellcheck disable=SC2086 # words
	"$at-head/readmostly" check "$@" --quiet \
		${CHECK:---ops 20000 --deadline 5} >"$log" 2>&1 && return 1
	[ $? = 1 ] || fail "$1: $(tail -n 1 "$log")"
	grep '^FAIL' "$log" | head -n 5
	echo "log: $log"
}
stop_if_broken() {
	local map
	for map in ${checked:-$chosen}; do
		[[ " $same " != *" $map "* ]] || continue
		echo "checking $map of head" >&2
		# report single-threaded failures first
		fails_checks "$map" --only model || fails_checks "$map" || continue
		[ "${GITHUB_ACTIONS:-}" != true ] ||
			echo "::error title=Readmostly FAIL::$map of head fails its checks; nothing was timed"
		echo "verdict: FAIL ($map of head fails its checks; nothing was timed)"
		exit 1
	done
}

# Selects the compared maps, and the maps of the controls.
choose_maps() {
	local plan='--mode regress'
	[ -z "${WORKLOAD:-}" ] || plan=$WORKLOAD
	[ -z "${WORKLOAD:-}" ] || [ -f "$plan" ] || plan=workloads/${WORKLOAD%.conf}.conf
	make_readmostly
	# shellcheck disable=SC2086 # words
	chosen=$(maps_of ${MAPS:+--maps "$(tr ' ' , <<<"$MAPS")"} $plan) || exit
	maps=$(MAPS='' maps_of workloads/regress-aa.conf workloads/regress-slow.conf) || exit
	maps=$(tr ' ' '\n' <<<"$chosen $maps" | sort -u | paste -sd' ')
}
if [ -n "$id" ]; then
	chosen=$id maps=$id
	build_theirs base "${base:0:12}" "$base"
	build_theirs head 'the work tree'
	their_plan
	case $impl in *.so)
		judge_library base
		judge_library head
		checked="$at-head/theirs/$impl $id" ;;
	esac
else
	choose_maps
	build_ours
fi
# shellcheck disable=SC2086 # words
same_protocol "$at-base/maps" "$at-head/maps" "$base" $maps
rm -rf "$at-copy/maps" && cp -rL --reflink=never "$at-base/maps" "$at-copy/maps" 2>/dev/null ||
	cannot "$at-copy" "$at-copy cannot be written"
# shellcheck disable=SC2086 # words
same=$(same_maps "$at-base/maps" "$at-head/maps" plain $chosen) || exit
changed=$(changes_of "$repo") || exit
how='' # measured operations are called
case $impl in *.so) how=' (each operation is a call through runner/readmostly.h)' ;; esac
# Accepted slowdowns: report/gate/trailers.py reads them.
printf '%s\n' "commit=$base" "head=$head$changed" ${id:+"map=$impl$how"} \
	${id:+"readmostly=$(readmostly_commit)"} ${same:+"same=$same"} >"$at-notes" &&
	git -C "$repo" log --reverse --topo-order --format=%B "$base..$head" |
	sed -n '/^Slower:/p' | sed = | sed 'N; s/^/slower/; s/\n/=/' >>"$at-notes" ||
	cannot build "$at-notes cannot be written"
[ -z "$changed" ] || echo "$gate: head is ${head:0:12} with uncommitted changes" >&2
stop_if_broken
[ $# -gt 0 ] || exit 0
exec 9>&-
LOCK='' exec "$@"
