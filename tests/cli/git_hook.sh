#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A git hook exports variables that select its repository. Our programs must use the repository of
# their own folder, and must not change the user's HEAD, index and files.
. tests/tools/tap.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=n@n GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=n@n
unset GATE_BASE GATE_MAIN GITHUB_BASE_REF GITHUB_EVENT_BEFORE CI_COMMIT_BEFORE_SHA \
	CI_MERGE_REQUEST_DIFF_BASE_SHA BUILDKITE_PULL_REQUEST_BASE_BRANCH

make_repository() { # DIR: makes two commits of `map.c`, and an uncommitted change
	mkdir -p "$1/impls"
	(cd "$1" && git init -q -b main && for text in one two; do
		echo "$text" >impls/map.c
		git add -A && git commit -qm "$text of $1"
	done) && echo changed >"$1/impls/map.c"
}
state_of() { # DIR
	(cd "$1" && git symbolic-ref HEAD && git rev-parse HEAD && git status --porcelain -b && cat impls/map.c)
}
make_repository "$dir/user"
make_repository "$dir/ours"
git -C "$dir/user" remote add origin "$dir/ours"
before=$(state_of "$dir/user")
mkdir -p "$dir/ours/.ci" "$dir/ours/runner"
cp .ci/gate .ci/before "$dir/ours/.ci"
mkdir "$dir/ours/runner/base" && cp runner/base/environment.* "$dir/ours/runner/base"
printf '#!/bin/sh\necho "base: $1"\n' >"$dir/ours/runner/regress_exact.sh"
chmod +x "$dir/ours/runner/regress_exact.sh"
sed -n '/^```sh$/,/^```$/{/```/d;p}' docs/guide/ci.md >"$dir/recipes"
head_of_ours=$(git -C "$dir/ours" rev-parse HEAD) first_of_ours=$(git -C "$dir/ours" rev-parse HEAD^)
our_commit=$(git rev-parse HEAD)

in_hook() { # COMMAND...: runs a command as a hook of the user's repository does
	GIT_DIR=$dir/user/.git GIT_WORK_TREE=$dir/user GIT_INDEX_FILE=$dir/user/.git/index \
		GIT_PREFIX='' "$@"
}
check ".ci/gate compares commits of its own repository" eval \
	'[ "$(cd "$dir/ours" && in_hook .ci/gate | tail -n 1)" = "base: $first_of_ours" ]'
in_hook make -s --no-print-directory BUILD="$dir/build" "$dir/build/build_info.c" >"$dir/make" 2>&1
check "make stores the commit of its own repository" contains "$dir/build/build_info.c" "\"$our_commit\""

# The steps of docs/guide/ci.md that update an existing clone. If GIT_DIR is set, git -C would
# detach the user's HEAD.
git clone -q "$dir/ours" "$dir/readmostly"
mkdir "$dir/project"
grep -E '^(unset|git -C) ' "$dir/recipes" | sort -u -r >"$dir/steps"
check "docs/guide/ci.md has these steps" [ "$(wc -l <"$dir/steps")" = 3 ]
(cd "$dir/project" && in_hook env READMOSTLY_REF=main sh -e -c \
	"$(grep '^unset' "$dir/steps"; grep fetch "$dir/steps"; grep checkout "$dir/steps")") >"$dir/out" 2>&1
check "the steps check out the commit in the clone" \
	[ "$(cd "$dir/readmostly" && git rev-parse --symbolic-full-name HEAD; git -C "$dir/readmostly" rev-parse HEAD)" = "HEAD
$head_of_ours" ]
check "HEAD, index and files of the user's repository are unchanged" [ "$(state_of "$dir/user")" = "$before" ]
done_testing
