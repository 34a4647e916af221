#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# origin.sh - prints the commit of these sources and whether they differ from it: `HASH 0`, `HASH 1`,
# or -1 if that is unknown. Call it in the project's folder. A repository around the folder is
# ignored. RM_COMMIT and RM_DIRTY replace both; an archive that git made has its commit in .archive-commit.
here=$(pwd -P)
own_git() { # ARGUMENTS of git; also reads a clone of another user, but runs no command of its settings
	git -c safe.directory="$here" -c core.fsmonitor=false "$@" 2>/dev/null
}
commit=unknown dirty=-1
if [ "${RM_COMMIT-}" ]; then
	commit=$RM_COMMIT dirty=${RM_DIRTY:--1}
elif [ "$(own_git rev-parse --show-toplevel)" = "$here" ]; then
	commit=$(own_git rev-parse -q --verify HEAD) || commit=unknown
	changes=$(own_git status --porcelain) && dirty=$([ -z "$changes" ]; echo $?)
elif archived=$(grep -xE '[0-9a-f]{40,64}' .archive-commit 2>/dev/null); then
	commit=$archived
fi
echo "$commit $dirty"
