# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# regress_refs.sh - finds commits and trees for both gates. Sourced in Readmostly's folder by a script that sets `gate`,
# the prefix of its errors.
# IMPL=FILE is a map of another project; base and head are then commits of its repository. The whole tree of each is
# unpacked as git tracks it, so that headers next to the map are of the same commit. Ignored files are left out.
# Readmostly is the same for both.

# shellcheck disable=SC2154 # the script sets gate
fail() { echo "$gate: $*" >&2; exit 2; }

# Sets repo, the repository of the commits; for a map of another project also impl, its path there, and id.
find_subject() {
	local output folder rest
	impl='' id='' repo=$PWD
	if [ -z "${IMPL:-}" ]; then
		need_clone "$gate"
		return
	fi
	[ -f "$IMPL" ] || [ "${IMPL_MAKE:-}" ] || fail "IMPL=$IMPL: no such file"
	folder=$(dirname "$IMPL") rest=$(basename "$IMPL")
	# The output of IMPL_MAKE, and its folder, need not exist yet.
	while [ ! -d "$folder" ]; do
		rest=$(basename "$folder")/$rest folder=$(dirname "$folder")
	done
	output=$(git -C "$folder" rev-parse --show-toplevel 2>&1) ||
		fail "IMPL=$IMPL is not in a git repository, which base is taken from: ${output##*fatal: }"
	repo=$output
	impl=$(git -C "$folder" rev-parse --show-prefix)$rest
	id=$(basename "${impl%.*}")
	! ls impls/*/"$id".[c]* >/dev/null 2>&1 ||
		fail "IMPL=$IMPL: Readmostly has a map called $id: expected another file name and id"
}

# commit_of NAME REF: prints the commit.
commit_of() {
	git -C "$repo" rev-parse -q --verify "$2^{commit}" && return
	[ "$(git -C "$repo" rev-parse --is-shallow-repository)" = true ] &&
		fail "$1=$2: no such commit in this shallow clone: git fetch --unshallow (fetch-depth: 0)"
	fail "$1=$2: no such commit${impl:+ in $repo}: expected a branch, tag, hash or HEAD~1; git fetch gets new ones"
}

changes_of() { # FOLDER of a repository: prints a note if it has uncommitted changes
	local output
	output=$(git -C "$1" status --porcelain 2>&1) ||
		fail "$1: changed files cannot be listed: $(explain_git "$output")"
	[ -z "$output" ] || echo ' and changes'
}

# The commit of the Readmostly that measures, equal for base and head. Without its repository, set READMOSTLY_COMMIT.
readmostly_commit() {
	local commit dirty
	read -r commit dirty < <(runner/origin.sh)
	[ "$commit" != unknown ] || commit=${READMOSTLY_COMMIT:-unknown}
	[ "$dirty" != 1 ] || commit+=' and changes'
	echo "$commit"
}

# take_theirs FOLDER [COMMIT]: unpacks the user's tree, at a commit or as it is now. Files get the present time; otherwise
# make would regard an older commit as already built. Does not use git archive, which skips files marked export-ignore.
take_theirs() {
	local at=$PWD/$1 output work status
	rm -rf "$at" && mkdir -p "$at" || fail "$1 cannot be written"
	work=$(mktemp -d) || exit 2
	output=$(
		exec 2>&1
		set -e
		cd "$repo"
		# Write nothing into the user's repository.
		objects=$(git rev-parse --path-format=absolute --git-path objects)
		index=$(git rev-parse --path-format=absolute --git-path index)
		export GIT_INDEX_FILE=$work/index GIT_OBJECT_DIRECTORY=$work \
			GIT_ALTERNATE_OBJECT_DIRECTORIES=$objects
		if [ -n "${2-}" ]; then
			git read-tree "$2"
		else
			cp "$index" "$work/index"
			git add -A .
		fi
		git checkout-index -a -f -q --prefix="$at/"
	)
	status=$?
	rm -rf "$work"
	[ $status = 0 ] || fail "$repo cannot be unpacked into $1: $(explain_git "$output")"
}

# in_repo PATH: prints its path relative to the user's repository, however it is written. Fails for files of Readmostly,
# even if the user's repository contains Readmostly.
in_repo() {
	local path own
	path=$(realpath -m -- "$1")/ own=$(pwd -P)/
	case $path in "$repo"/*) ;; *) return 1 ;; esac
	case $own in "$repo"/?*) case $path in "$own"*) return 1 ;; esac ;; esac
	path=${path#"$repo"}
	echo "${path%/}"
}
# Prints the user's compiler flags. Paths into the user's repository become paths into the arm's tree, since headers
# there may differ.
flags_of() { # FOLDER of the arm
	local left="${IMPL_FLAGS-} " arm=$'\1' output='' option='' word below end
	for end in / ' ' $'\t' $'\n'; do # only whole path components
		left=${left//"$repo$end"/"$arm$end"}
	done
	# Then replaces relative paths, and paths through a link.
	while [ -n "$left" ]; do
		word=${left%%[$' \t\n\'"=,@']*}
		end=${left:${#word}:1} left=${left:${#word}+1}
		if [[ $word =~ ^-(I|isystem|iquote|idirafter|include|imacros) ]]; then
			option=${BASH_REMATCH[0]}
			word=${word#"$option"} output+=$option
		fi
		if [[ -n $word && $word != *"$arm"* && ($option || ($word == */* && -e $word)) ]]; then
			below=$(in_repo "$word") && word=$arm$below
		fi
		[ -z "$word" ] || option=''
		output+=$word$end
	done
	output=${output//"$arm"/"$1"}
	printf '%s\n' "${output% }"
}
