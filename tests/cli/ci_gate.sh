#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests which commit .ci/gate uses as base, and its message if no commit can be used. The repository
# is small, and a fake exact gate prints its arguments.
. tests/tools/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset GATE_BASE GATE_MAIN PLAN GITHUB_BASE_REF GITHUB_EVENT_BEFORE \
	CI_MERGE_REQUEST_DIFF_BASE_SHA CI_COMMIT_BEFORE_SHA \
	BUILDKITE_PULL_REQUEST_BASE_BRANCH
export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=n@n GIT_COMMITTER_NAME=n \
	GIT_COMMITTER_EMAIL=n@n
tree=$dir/tree
mkdir -p "$tree/.ci" "$tree/runner" "$tree/impls/a" "$tree/docs"
cp .ci/gate .ci/before "$tree/.ci"
mkdir "$tree/runner/base" && cp runner/base/environment.* "$tree/runner/base"
cat >"$tree/runner/regress_exact.sh" <<'STUB'
#!/bin/sh
echo "asked: $*"
exit "$(cat status)"
STUB
chmod +x "$tree/runner/regress_exact.sh"
echo 0 >"$tree/status"
in_tree() { (cd "$tree" && "$@"); }
commit() { # FILE: commits another line in it; prints the commit
	mkdir -p "$tree/${1%/*}"
	echo line >>"$tree/$1"
	in_tree git add -A
	in_tree git commit -qm "$1"
	in_tree git rev-parse HEAD
}
gate() { # [NAME=VALUE...]: sets status; its output is in $dir/output
	in_tree env "$@" .ci/gate >"$dir/output" 2>&1
	status=$?
	sed 's/^/# /' "$dir/output"
}
compared_with() { # BASE
	[ $status = 0 ] && contains "$dir/output" "asked: $1 "
}

gate
check "outside of git the gate prints the reason and exits 0" \
	eval '[ $status = 0 ] && contains "$dir/output" "gate: nothing compared: no git"'
in_tree git init -q -b main
first=$(commit impls/a/map.c)
gate
check "a first commit has no base and exits 0" \
	eval '[ $status = 0 ] && contains "$dir/output" "no commit before HEAD here"'
second=$(commit impls/a/map.c)
gate
check "without origin the base is the previous commit" compared_with "$first"

# A clone of main, as in CI.
git clone -q "file://$tree" "$dir/clone"
tree=$dir/clone
gate
check "on the main of origin the base is the previous commit" compared_with "$first"
check "the gate prints that only the last commit is compared" \
	contains "$dir/output" "gate: only the last commit is compared"
in_tree git checkout -q -b topic
commit docs/page.md >"$dir/out"
commit impls/a/map.c >"$dir/out"
third=$(commit runner/x.c)
gate
check "on a branch the base is the merge base with main" compared_with "$second"
check "on a branch this note is missing" \
	sh -c "! grep -q 'only the last' '$dir/output'"
in_tree git checkout -q main
in_tree git -c merge.ff=false merge -q topic -m merged
in_tree git update-ref -m push refs/remotes/origin/main HEAD
gate
check "for a merge on main the base is main before the merge" compared_with "$second"
in_tree git reset -q --hard topic
in_tree git update-ref -m push refs/remotes/origin/main "$second"
in_tree git update-ref -m push refs/remotes/origin/main HEAD
gate
check "if main grew by many commits the base is the previous origin/main of this clone" compared_with "$second"
gate GATE_BASE="$first"
check "GATE_BASE takes precedence" compared_with "$first"
gate GATE_BASE=0000000000000000000000000000000000000000
check "a GATE_BASE of only zeros is ignored" compared_with "$second"
for wrong in v9 deadbeef; do
	gate GATE_BASE=$wrong
	check "a mistyped GATE_BASE, $wrong, is an error, and nothing is compared" eval \
		'[ $status = 2 ] && contains "$dir/output" "gate: GATE_BASE=$wrong: no such commit in this clone" &&
			! grep -q asked "$dir/output"'
done
git clone -q "file://$tree" "$dir/fresh"
known=$tree tree=$dir/fresh
gate
check "a fresh clone compares the last commit and prints this" \
	eval 'compared_with "$(in_tree git rev-parse HEAD^1)" && contains "$dir/output" "only the last"'
for name in GITHUB_EVENT_BEFORE CI_COMMIT_BEFORE_SHA CI_MERGE_REQUEST_DIFF_BASE_SHA; do
	gate $name="$second"
	check "with $name the base is the commit that CI names" compared_with "$second"
done
in_tree git update-ref refs/remotes/origin/release "$first"
for name in GITHUB_BASE_REF BUILDKITE_PULL_REQUEST_BASE_BRANCH; do
	gate $name=release
	check "with $name the base is the merge base with the target branch" compared_with "$first"
done
gate CI_COMMIT_BEFORE_SHA=0000000000000000000000000000000000000000
check "a new branch without a previous commit compares the last one" \
	contains "$dir/output" "only the last"
tree=$known
echo more >>"$tree/impls/a/map.c"
gate GATE_BASE=HEAD
check "head is never its own base" compared_with "$second"
in_tree git checkout -q .

for file in docs/page.md impls/a/notes.txt; do
	before=$(in_tree git rev-parse HEAD)
	commit $file >"$dir/out"
	gate GATE_BASE="$before"
	check "a commit that changes only $file is not compared" \
		eval '[ $status = 0 ] && contains "$dir/output" "no source of simulated programs"'
done
for status_of in 1:1 2:0 3:0; do
	echo ${status_of%:*} >"$tree/status"
	gate GATE_BASE="$second"
	check "the gate exits ${status_of%:*}: .ci/gate exits ${status_of#*:}" \
		[ $status = ${status_of#*:} ]
done
check "the gate prints why nothing was compared" \
	contains "$dir/output" "gate: nothing compared: for the reason above (status 3)"

git clone -q --depth 1 "file://$tree" "$dir/shallow"
tree=$dir/shallow
gate
check "a shallow clone has no base, and the error names the remedy" \
	eval '[ $status = 0 ] && contains "$dir/output" "git fetch --unshallow; fetch-depth: 0"'
gate GATE_BASE="$second"
check "if GATE_BASE is older than the shallow clone, the error names the remedy" \
	eval '[ $status = 2 ] && contains "$dir/output" "git fetch --unshallow; fetch-depth: 0"'
check ".ci/run runs the gate and keeps its status" grep -qx '.ci/gate && gated=0 || gated=1' .ci/run
done_testing
