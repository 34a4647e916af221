# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# clone_tree.sh - for tests of the gates: `clone_tree DIR` copies the tested tree to DIR as a
# separate repository, with the times of its files and the objects of $build, so that
# only files edited by a test are compiled again.
# `clone_sources DIR`: without objects, for tests that replace make, or build everything.
# A git hook exports these variables.
unset $(git rev-parse --local-env-vars 2>/dev/null | grep -v CONFIG)
clone_tree() {
	files_in "$1" || return
	find "$build" \( -name '*.[ods]' -o -name '*.code' -o -name '*.verdict' -o -name flags \) \
		! -path "$build/tests/*" ! -path "$build/stats/*" \
		-exec cp -p --parents -t "$1" {} +
	begin_in "$1"
}
clone_sources() { files_in "$1" && begin_in "$1"; }
files_in() { mkdir "$1" && git ls-files -z -co --exclude-standard | xargs -0 cp -p --parents -t "$1"; }
begin_in() { (cd "$1" && git init -q -b main && commit_all 'all of it'); }

commit_all() { # MESSAGE: commits in the repository of the current folder
	git add -A
	git -c user.name=n -c user.email=n@n commit -qm "$1"
}
