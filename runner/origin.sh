#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# origin.sh - prints the commit of these sources and whether they differ from it: `HASH 0`, `HASH 1`,
# or -1 if that is not known. Call it in the project's folder. A repository around the folder is not
# asked. RM_COMMIT and RM_DIRTY replace both; an archive that git made has its commit in .archive-commit.
here=$(pwd -P)
ours() { # ARGUMENTS of git; a clone of another user is read, too, and nothing of its settings is run
	git -c safe.directory="$here" -c core.fsmonitor=false "$@" 2>/dev/null
}
commit=unknown dirty=-1
if [ "${RM_COMMIT-}" ]; then
	commit=$RM_COMMIT dirty=${RM_DIRTY:--1}
elif [ "$(ours rev-parse --show-toplevel)" = "$here" ]; then
	commit=$(ours rev-parse -q --verify HEAD) || commit=unknown
	changes=$(ours status --porcelain) && dirty=$([ -z "$changes" ]; echo $?)
elif archived=$(grep -xE '[0-9a-f]{40,64}' .archive-commit 2>/dev/null); then
	commit=$archived
fi
echo "$commit $dirty"
