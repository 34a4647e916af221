#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Which commit .ci/gate takes for base, and what it says where there is none: on
# a small repository, with an exact gate that only says what it was asked.
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
cat >"$tree/runner/regress_exact.sh" <<'STUB'
#!/bin/sh
echo "asked: $*"
exit "$(cat status)"
STUB
chmod +x "$tree/runner/regress_exact.sh"
echo 0 >"$tree/status"
in_tree() { (cd "$tree" && "$@"); }
commit() { # FILE: one more line in it; prints the commit
	mkdir -p "$tree/${1%/*}"
	echo line >>"$tree/$1"
	in_tree git add -A
	in_tree git commit -qm "$1"
	in_tree git rev-parse HEAD
}
gate() { # [NAME=VALUE...]: sets status; what it said is in $dir/said
	in_tree env "$@" .ci/gate >"$dir/said" 2>&1
	status=$?
	sed 's/^/# /' "$dir/said"
}
asked() { # BASE
	[ $status = 0 ] && says "$dir/said" "asked: $1 "
}

gate
check "outside of git it says so and is green" \
	eval '[ $status = 0 ] && says "$dir/said" "gate: nothing compared: no git"'
in_tree git init -q -b main
first=$(commit impls/a/map.c)
gate
check "a first commit has no base, and is green" \
	eval '[ $status = 0 ] && says "$dir/said" "no commit before HEAD here"'
second=$(commit impls/a/map.c)
gate
check "without origin the base is the commit before" asked "$first"

# A clone of main, as CI has it.
git clone -q "file://$tree" "$dir/clone"
tree=$dir/clone
gate
check "on origin's main the base is the commit before" asked "$first"
check "and it says that no other commit is looked at" \
	says "$dir/said" "gate: only the last commit is compared"
in_tree git checkout -q -b topic
commit docs/page.md >"$dir/out"
commit impls/a/map.c >"$dir/out"
third=$(commit runner/x.c)
gate
check "on a branch of many commits it is where the branch left main" asked "$second"
check "and it says nothing of a last one" \
	sh -c "! grep -q 'only the last' '$dir/said'"
in_tree git checkout -q main
in_tree git -c merge.ff=false merge -q topic -m merged
in_tree git update-ref -m push refs/remotes/origin/main HEAD
gate
check "of a merge on main it is main before, with all that it brought" asked "$second"
in_tree git reset -q --hard topic
in_tree git update-ref -m push refs/remotes/origin/main "$second"
in_tree git update-ref -m push refs/remotes/origin/main HEAD
gate
check "where main grew by many commits, it is main as this clone knew it" asked "$second"
gate GATE_BASE="$first"
check "what the pipeline knows goes before" asked "$first"
gate GATE_BASE=0000000000000000000000000000000000000000
check "but not a commit that is none" asked "$second"
for wrong in v9 deadbeef; do
	gate GATE_BASE=$wrong
	check "one that is mistyped, $wrong, is an error, and nothing else is compared" eval \
		'[ $status = 2 ] && says "$dir/said" "gate: GATE_BASE=$wrong: no such commit here" &&
			! grep -q asked "$dir/said"'
done
git clone -q "file://$tree" "$dir/fresh"
known=$tree tree=$dir/fresh
gate
check "a fresh clone does not know it, and says so" \
	eval 'asked "$(in_tree git rev-parse HEAD^1)" && says "$dir/said" "only the last"'
for name in GITHUB_EVENT_BEFORE CI_COMMIT_BEFORE_SHA CI_MERGE_REQUEST_DIFF_BASE_SHA; do
	gate $name="$second"
	check "unless the pipeline says it in $name" asked "$second"
done
in_tree git update-ref refs/remotes/origin/release "$first"
for name in GITHUB_BASE_REF BUILDKITE_PULL_REQUEST_BASE_BRANCH; do
	gate $name=release
	check "or names the branch that it goes to in $name" asked "$first"
done
gate CI_COMMIT_BEFORE_SHA=0000000000000000000000000000000000000000
check "of a branch that is new the pipeline knows nothing" \
	says "$dir/said" "only the last"
tree=$known
echo more >>"$tree/impls/a/map.c"
gate GATE_BASE=HEAD
check "head is no base of itself" asked "$second"
in_tree git checkout -q .

for file in docs/page.md impls/a/notes.txt; do
	before=$(in_tree git rev-parse HEAD)
	commit $file >"$dir/out"
	gate GATE_BASE="$before"
	check "a commit of $file alone asks nothing" \
		eval '[ $status = 0 ] && says "$dir/said" "no source of what is counted"'
done
for status_of in 1:1 2:0 3:0; do
	echo ${status_of%:*} >"$tree/status"
	gate GATE_BASE="$second"
	check "status ${status_of%:*} of the gate is ${status_of#*:} here" \
		[ $status = ${status_of#*:} ]
done
check "and what could not be compared is said" \
	says "$dir/said" "gate: nothing compared: for the reason above (status 3)"

git clone -q --depth 1 "file://$tree" "$dir/shallow"
tree=$dir/shallow
gate
check "a shallow clone has no base, and says how to get one" \
	eval '[ $status = 0 ] && says "$dir/said" "git fetch --unshallow; fetch-depth: 0"'
gate GATE_BASE="$second"
check "also where the base that was named lies beyond it" \
	eval '[ $status = 2 ] && says "$dir/said" "git fetch --unshallow; fetch-depth: 0"'
check "CI runs it, and ends as it said" grep -qx '.ci/gate && gated=0 || gated=1' .ci/run
done_testing
