#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# gate.sh FILE - what a pipeline runs in a clone of a project, to gate its map
# FILE by a clone of Readmostly that lies outside of it, in which this script is:
# head against the commit that it grew from (docs/guide/ci.md).
#
#   BASE        that commit or ref; else what the pipeline's variables say
#               (GitHub, GitLab, Buildkite), else where head left the remote's
#               default branch, else HEAD^1, and it says so
#   GATE_MAIN   that branch, where neither origin/HEAD nor origin/main is it
#   TIME        advice (the usual): a slower head warns; red: it fails, for
#               machines that are quiet; no: time is not asked, and head is
#               held to its checks all the same
#   IMPL_FLAGS  what the map is compiled with
#   IMPL_MAKE   what makes FILE, a library behind runner/foreign.h, in a tree of
#               the project: it need be in no commit
#   OUT         where outputs go (readmostly-gate)
#   EXACT_ARGS, TIME_ARGS  more words for the gates
#
# Status: 0; 1 counts differ and nobody accepts it, a head that fails its checks,
# or with TIME=red one that is slower or cannot be told from it; 2 usage, input.
unset $(git rev-parse --local-env-vars 2>/dev/null | grep -v CONFIG) # a git hook exports these
unset CDPATH
readmostly=$(cd "$(dirname "$0")/../.." && pwd)
file=${1:-} out=${OUT:-readmostly-gate} time=${TIME:-advice}
say() { echo "gate: $*"; }
usage() { say "$*" >&2; exit 2; }
# A workspace that is kept has the outputs of an earlier run: where this one ends
# before its own, they would be taken for them. Of time they are copies of what
# each time-*/ keeps; what others have put there is not ours.
clear_last() {
	local copied
	rm -rf "$out"/{exact.json,exact.txt,counts.txt,counts-why}
	for copied in "$out"/time-*/report/*; do
		rm -rf "${out:?}/${copied##*/}"
	done
}
clear_last
made=${IMPL_MAKE:-}
case $file in
*.so) [ "$made" ] || [ -f "$file" ] || usage "$file is not there: IMPL_MAKE= says what makes a library" ;;
*) [ -z "$made" ] || usage "IMPL_MAKE= is for a library, and $file is none" ;;
esac
[ "$made" ] || [ -f "$file" ] || usage "expected a file of a map, and got '$file'"
case $time in advice | red | no) ;; *) usage "TIME=$time: expected advice, red or no" ;; esac
[ "$(git rev-parse --is-shallow-repository 2>/dev/null)" = false ] ||
	usage "a shallow clone, or none: git fetch --unshallow (fetch-depth: 0)"
# What it writes is no change of the project.
mkdir -p "$out" && echo '*' >"$out/.gitignore" || usage "$out cannot be written"
out=$(cd "$out" && pwd)

commit() { git rev-parse -q --verify "$1^{commit}" 2>/dev/null; }
left_main() { # where head left the remote's default branch, if it is not on it
	local main shared
	for main in "${GATE_MAIN:-}" origin/HEAD origin/main; do
		commit "$main" >/dev/null || continue
		shared=$(git merge-base "$main" HEAD) && [ "$shared" != "$(commit HEAD)" ] &&
			echo "$shared"
		return
	done
	return 1
}
base_of() { # the first that there is
	if [ -n "${BASE:-}" ]; then
		commit "$BASE" || usage "BASE=$BASE: no such commit"
		return
	fi
	"$readmostly/.ci/before" || left_main && return
	commit HEAD^1 && say "only the last commit is compared, with HEAD^1: nothing here says" \
		"what was there before a push (BASE=, docs/guide/ci.md)" >&2
}
base=$(base_of) || { [ -z "${BASE:-}" ] || exit 2; }
# FILE as git names it, whatever way it was said: a path of which git knows
# nothing would be taken for a map that is new.
top=$(git rev-parse --show-toplevel)
file=$(realpath -m "$(dirname "$file")")/${file##*/}
path=${file#"$top"/}
[ "$path" != "$file" ] || usage "$file lies outside of the repository $top"
[ -n "$base" ] || { say "no commit before head: nothing to compare"; exit 0; }
[ "$made" ] || git cat-file -e "$base:$path" 2>/dev/null ||
	{ say "$path is not in ${base:0:12}: it is new, nothing to compare"; exit 0; }
say "head against ${base:0:12}"
IMPL=$file
export IMPL IMPL_FLAGS="${IMPL_FLAGS:-}" IMPL_MAKE="$made"
cd "$readmostly" && .ci/deps build || exit 2

status=0
worse() { [ "$1" -le "$status" ] || status=$1; }
# What accepts a red, and why it is one: a pipeline keeps no file of Readmostly's.
keep_counts() { # STATUS
	local at=build/regress-exact
	[ "$1" = 1 ] || return
	[ ! -s $at/counts.txt ] || { cp $at/counts.txt "$out" &&
		say "to accept: its lines are in $out/counts.txt, too"; }
	[ "${WHY:-}" = no ] || [ ! -s $at/why/why.txt ] || { mkdir "$out/counts-why" &&
		cp $at/why/why.txt "$out/counts-why" && say "why: $out/counts-why/why.txt"; }
}
exact() {
	local told
	# shellcheck disable=SC2086 # words
	runner/regress_exact.sh "$base" '' --json "$out/exact.json" ${EXACT_ARGS:-} |
		tee "$out/exact.txt"
	told=${PIPESTATUS[0]}
	worse "$told"
	keep_counts "$told"
	[ "$told" != 1 ] || [ "${GITHUB_ACTIONS:-}" != true ] ||
		echo "::error title=Readmostly red::simulated counts differ from ${base:0:12}"
	[ -z "${GITHUB_STEP_SUMMARY:-}" ] || {
		printf '### Readmostly: simulated counts\n\n```\n'
		cat "$out/exact.txt"
		printf '```\n'
	} >>"$GITHUB_STEP_SUMMARY"
}
case $file in
*.c) exact ;;
*) say "$file is not in C: it is not simulated, and its counts are not asked" ;;
esac

# A head that answers wrongly, crashes or hangs is red whatever is asked of time,
# and is not timed. No other run in this clone builds anew what this one times:
# the lock is that of `make regress`, and held to the end.
checked() {
	mkdir -p build && exec 8>build/regress.lock && flock 8 || { worse 2; return 1; }
	LOCK='' runner/regress_arms.sh "$base" && say "head passes its checks" && return
	worse $?
	return 1
}
timed() {
	local told folder
	folder=$out/time-$(date +%s)
	# Advice is no error of GitHub's.
	# shellcheck disable=SC2086 # words
	env ${ADVICE:+-u GITHUB_ACTIONS} LOCK= REF="${base:0:12}" \
		NOTES=build/regress-their-notes PLAN=build/regress-their-plan \
		runner/regress.sh build/regress-their-{base,copy,head}/maps \
		-o "$folder" ${TIME_ARGS:-}
	told=$?
	[ ! -d "$folder/report" ] || cp -r "$folder/report/." "$out"
	case $told in
	0) return ;;
	2) worse 2 ;;
	*) [ $time = red ] && worse 1 && return
		say "time: not PASS (status $told): an advice here, no failure"
		[ "${GITHUB_ACTIONS:-}" != true ] ||
			echo "::warning title=Readmostly::time against ${base:0:12}: not PASS, see the summary" ;;
	esac
}
[ $time != advice ] || ADVICE=1
checked && [ $time != no ] && timed
exit $status
