#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# origin.sh - prints the commit of these sources and whether they differ from it: `HASH 0`, `HASH 1`,
# or -1 if that is unknown. Call it in the project's folder. A repository around the folder is
# ignored. RM_COMMIT and RM_DIRTY replace both; an archive that git made has its commit in .archive-commit.
here=$(pwd -P)
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE # a git hook exports these
own_git() { # ARGUMENTS of git; also reads a clone that another user owns, but runs no command from its settings
	git -c safe.directory="$here" -c core.fsmonitor=false "$@" 2>/dev/null
}
# Prints the files that differ from the commit. Ignored sources are compiled, too. A new index has no flags
# (assume-unchanged, skip-worktree) that hide edits; files that a sparse checkout leaves out are not deleted.
changes() (
	own_git status --porcelain --untracked-files=normal || return
	own_git ls-files -o -- impls runner verify | grep -E '\.([ch]|cc|hh|s|go|java|rs)$'
	own_git ls-files -v | grep -q '^[a-zS]' || return 0
	own_git ls-files -d
	new=$(mktemp -d) && trap 'rm -rf "$new"' EXIT && export GIT_INDEX_FILE=$new/index || return
	own_git read-tree HEAD && own_git status --porcelain -uno | sed '/^ D/d'
)
commit=unknown dirty=-1
if [ "${RM_COMMIT-}" ]; then
	commit=$RM_COMMIT dirty=${RM_DIRTY:--1}
elif [ "$(own_git rev-parse --show-toplevel)" = "$here" ]; then
	commit=$(own_git rev-parse -q --verify HEAD) || commit=unknown
	changed=$(changes) && dirty=$([ -z "$changed" ]; echo $?)
elif archived=$(grep -xE '[0-9a-f]{40,64}' .archive-commit 2>/dev/null); then
	commit=$archived
fi
if [ "$commit" = unknown ]; then
	cause=$(git -c safe.directory="$here" rev-parse --git-dir 2>&1)
	case $? in 126 | 127) cause='fatal: it does not run' ;; esac # a shell's status for a command that cannot start
	case $cause in
	*'not a git repository'*) ;;
	fatal:*) echo "the commit of these sources is unknown, correct this first: git: ${cause%%$'\n'*}" >&2 ;;
	esac
fi
echo "$commit $dirty"
