#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# gate.sh FILE - gates the map FILE of a project. A pipeline runs it in a clone of the project, from
# a clone of Readmostly outside of it: head is compared with its base commit (docs/guide/ci.md).
#
#   BASE        base commit or ref; default: from the pipeline's variables (GitHub, GitLab,
#               Buildkite), or the merge base of head and the remote's default branch, or HEAD^1
#               (with a message)
#   GATE_MAIN   that branch, if it is neither origin/HEAD nor origin/main
#   TIME        advice (default): a slower head gives a warning; red: it fails, for quiet machines;
#               no: time is not measured, but head must pass its checks. On a busy machine time is not
#               measured: a warning with advice, a failure with red. A head slower far beyond noise fails
#   FAIL_AT     slowdown at which the time gate fails, 1% (default) to 49%, such as 5%
#   COUNTS      no: simulated counts are not compared, only time
#   IMPL_FLAGS  compiler flags of the map
#   IMPL_MAKE   command that makes FILE, a library with runner/readmostly.h, in a tree of the project;
#               FILE need not be in a commit
#   OUT         folder of outputs (readmostly-gate)
#   EXACT_ARGS, TIME_ARGS  more arguments of the gates
#
# Status: 0; 1 counts differ and are not accepted, head fails its checks, is slower far beyond noise,
# or with TIME=red is slower or undecided; 2 usage or input. The last line is the verdict.
unset $(git rev-parse --local-env-vars 2>/dev/null | grep -v CONFIG) # a git hook exports these
unset CDPATH
readmostly=$(cd "$(dirname "$0")/../.." && pwd)
file=${1:-} out=${OUT:-readmostly-gate} time=${TIME:-advice}
say() { echo "gate: $*"; }
usage() { say "$*" >&2; exit 2; }
# Removes outputs of an earlier run in a kept workspace: if this run ends early, they would look
# like its own. Outputs of the time gate are copies of files in time-*/; other files stay.
remove_old_outputs() {
	local copied
	rm -rf "$out"/{exact.json,exact.txt,time.txt,counts.txt,counts-why}
	for copied in "$out"/time-*/report/*; do
		rm -rf "${out:?}/${copied##*/}"
	done
}
remove_old_outputs
made=${IMPL_MAKE:-}
case $file in
*.so) [ "$made" ] || [ -f "$file" ] || usage "$file: no such file: expected a library, or IMPL_MAKE= with the command that makes it" ;;
*) [ -z "$made" ] || usage "IMPL_MAKE= is for a library: expected a .so file, not $file" ;;
esac
[ "$made" ] || [ -f "$file" ] || usage "'$file': no such file: expected the source of a map or a library"
case $time in advice | red | no) ;; *) usage "TIME=$time: expected advice, red or no" ;; esac
[[ " ${EXACT_ARGS:-} ${TIME_ARGS:-} " != *" --help "* ]] ||
	usage "--help: EXACT_ARGS are options of 'readmostly plan', TIME_ARGS of 'readmostly run'"
case ${COUNTS:-yes} in yes | no) ;; *) usage "COUNTS=$COUNTS: expected yes or no" ;; esac
[[ ${FAIL_AT:-1%} =~ ^([1-9]|[1-4][0-9])([.][0-9]+)?%$ ]] ||
	usage "FAIL_AT=$FAIL_AT: expected 1% to less than 50%, such as 5%"
[ "$(git rev-parse --is-shallow-repository 2>/dev/null)" = false ] ||
	usage "expected a complete git clone: git fetch --unshallow (fetch-depth: 0)"
# Outputs are not a change of the project.
mkdir -p "$out" && echo '*' >"$out/.gitignore" || usage "$out cannot be written"
out=$(cd "$out" && pwd)

commit() { git rev-parse -q --verify "$1^{commit}" 2>/dev/null; }
find_merge_base() { # prints the merge base with the remote's default branch, if it is not HEAD
	local main shared
	for main in "${GATE_MAIN:-}" origin/HEAD origin/main; do
		commit "$main" >/dev/null || continue
		shared=$(git merge-base "$main" HEAD) && [ "$shared" != "$(commit HEAD)" ] &&
			echo "$shared"
		return
	done
	return 1
}
find_base() { # prints the first base that exists
	if [ -n "${BASE:-}" ]; then
		commit "$BASE" || usage "BASE=$BASE: no such commit"
		return
	fi
	"$readmostly/.ci/before" || find_merge_base && return
	commit HEAD^1 && say "only the last commit is compared, with HEAD^1: the commit before" \
		"the push is unknown (set BASE=, docs/guide/ci.md)" >&2
}
base=$(find_base) || { [ -z "${BASE:-}" ] || exit 2; }
# The path of FILE as in git, whatever its spelling: a path unknown to git would be taken for a new
# map.
top=$(git rev-parse --show-toplevel)
file=$(realpath -m "$(dirname "$file")")/${file##*/}
path=${file#"$top"/}
[ "$path" != "$file" ] || usage "$file is outside of the repository $top"
[ -n "$base" ] || { say "no commit before head: nothing to compare"; exit 0; }
[ "$made" ] || git cat-file -e "$base:$path" 2>/dev/null ||
	{ say "$path is new: ${base:0:12} lacks it, nothing to compare"; exit 0; }
say "head compared with ${base:0:12}"
IMPL=$file
export IMPL IMPL_FLAGS="${IMPL_FLAGS:-}" IMPL_MAKE="$made"
cd "$readmostly" && . runner/base/environment.sh && .ci/deps build || exit 2

# run COMMAND: runs it in a process group of its own, so that all its processes end if gate.sh is ended.
run() {
	set -m
	"$@" &
	set +m
	wait $!
}
end_children() { # SIGNAL: ends the command of run, or a wait for a lock, then this process
	trap '' HUP INT TERM
	kill -TERM -- -$! || kill $!
	for _ in {1..50}; do
		kill -0 -- -$! || break
		sleep 0.1
	done
	kill -KILL -- -$!
	trap - "$1" && kill -s "$1" $$
} 2>/dev/null
# shellcheck disable=SC2064 # the signal's name is known now
for signal in HUP INT TERM; do trap "end_children $signal" $signal; done

status=0 results='' passed=checks
raise_status() { [ "$1" -le "$status" ] || status=$1; }
result() { results+="${results:+; }$*"; } # WORDS: a part of the last line
# Copies lines that accept a failure, and its explanation: pipelines keep no file of Readmostly's
# clone.
keep_counts() { # STATUS
	local at=build/regress-exact
	[ "$1" = 1 ] || return
	[ ! -s $at/counts.txt ] || { cp $at/counts.txt "$out" &&
		say "lines that accept the counts: also in $out/counts.txt"; }
	[ "${WHY:-}" = no ] || [ ! -s $at/why/why.txt ] || { mkdir "$out/counts-why" &&
		cp $at/why/why.txt "$out/counts-why" && say "why: $out/counts-why/why.txt"; }
}
count() {
	# shellcheck disable=SC2086 # words
	runner/regress_exact.sh "$base" '' --json "$out/exact.json" ${EXACT_ARGS:-} |
		tee "$out/exact.txt"
	return "${PIPESTATUS[0]}"
}
compare_counts() {
	local code words
	say "comparing simulated counts"
	passed=counts
	run count
	code=$?
	raise_status "$code"
	words=("counts are equal or accepted" "counts differ")
	result "${words[code]:-counts were not compared}"
	keep_counts "$code"
	[ "$code" != 1 ] || [ "${GITHUB_ACTIONS:-}" != true ] ||
		echo "::error title=Readmostly red::simulated counts differ from ${base:0:12}"
	[ -z "${GITHUB_STEP_SUMMARY:-}" ] || {
		printf '### Readmostly: simulated counts\n\n```\n'
		cat "$out/exact.txt"
		printf '```\n'
	} >>"$GITHUB_STEP_SUMMARY"
}
case $file in
*.c) [ "${COUNTS:-}" = no ] || compare_counts ;;
*) say "$file is not in C: it is not simulated and has no counts" ;;
esac

# A head that answers wrongly, crashes or hangs fails for every TIME, and is not timed. The lock of
# `make regress` is held until the end, so that no other run in this clone rebuilds the measured
# programs.
check_head() {
	mkdir -p build && take_lock 8 build/regress.lock || { raise_status 2; return 1; }
	local code words=("head passes its checks" "head fails its checks")
	say "building both arms and checking head"
	LOCK='' run runner/regress_arms.sh "$base"
	code=$?
	result "${words[code]:-head was not checked}"
	raise_status $code
	return $code
}
measure() { # FOLDER
	# Advice must not be a GitHub error.
	# shellcheck disable=SC2086 # words
	env ${ADVICE:+-u GITHUB_ACTIONS} LOCK= REF="${base:0:12}" \
		NOTES=build/regress-their-notes PLAN=build/regress-their-plan \
		runner/regress.sh build/regress-their-{base,copy,head}/maps \
		-o "$1" ${TIME_ARGS:-} | tee "$out/time.txt"
	return "${PIPESTATUS[0]}"
}
time_head() {
	local code folder what reason warning raised=${FAIL_AT:+ (FAIL_AT=$FAIL_AT)}
	folder=$out/time-$(date +%s)
	say "measuring time, at most ${MINUTES:-5} minutes"
	run measure "$folder"
	code=$?
	reason=$(sed -n 's/^verdict: //p' "$out/time.txt")
	warning=$(sed -n 's/^warning: //p' "$out/time.txt" | head -n 1)
	[ ! -d "$folder/report" ] || cp -r "$folder/report/." "$out"
	case $code in
	0) result "time is not longer$raised"; return ;;
	2) raise_status 2; result "time was not measured"; return ;;
	1) what="time is longer$raised" ;;
	*) what="time is undecided${reason:+: $reason}" ;;
	esac
	[ -d "$folder" ] || what="time was not measured, because the machine is busy"
	[[ $reason != *"far beyond noise"* ]] || {
		what+=": $reason"
		[ $time = red ] || [ "${GITHUB_ACTIONS:-}" != true ] ||
			echo "::error title=Readmostly FAIL::$reason; base ${base:0:12}"
		time=red
	}
	[ $time = red ] && raise_status 1 && result "$what" && return
	result "$what (advice)"
	words[0]="PASS ($passed only)"
	[ -z "$warning" ] || { what+="; $warning" words[0]="WARNING (only $passed pass)"; result "$warning"; }
	[ "${GITHUB_ACTIONS:-}" != true ] || echo "::warning title=Readmostly::$what; base ${base:0:12}"
}
[ $time != advice ] || ADVICE=1
words=(PASS FAIL)
check_head && [ $time != no ] && time_head
last=$(say "verdict: ${words[status]:-none}: $results")
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || printf '### Readmostly\n\n%s\n' "$last" >>"$GITHUB_STEP_SUMMARY"
echo "$last"
exit $status
