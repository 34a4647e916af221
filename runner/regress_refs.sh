# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# regress_refs.sh - what both gates ask of git; sourced in Readmostly's folder
# by a script that has set `gate`, the name that its errors begin with.
#
# IMPL=FILE, a map of another project: base and head are then commits of the
# repository that holds it. Its whole tree is unpacked for each, as git knows
# it, so that headers beside the map are of the same commit; what git ignores
# is of neither. Readmostly is the same for both.

# shellcheck disable=SC2154 # gate is the script's
say() { echo "$gate: $*" >&2; exit 2; }

# Sets repo, the folder that git is asked in; of a map of another project
# impl, its path there, and id.
find_subject() {
	local said folder rest
	impl='' id='' repo=$PWD
	if [ -z "${IMPL:-}" ]; then
		git rev-parse -q --git-dir >/dev/null 2>&1 ||
			say "no git repository here, which base is taken from"
		return
	fi
	[ -f "$IMPL" ] || [ "${IMPL_MAKE:-}" ] || say "IMPL=$IMPL: no such file"
	folder=$(dirname "$IMPL") rest=$(basename "$IMPL")
	# What IMPL_MAKE makes, and its folder, need not be there yet.
	while [ ! -d "$folder" ]; do
		rest=$(basename "$folder")/$rest folder=$(dirname "$folder")
	done
	said=$(git -C "$folder" rev-parse --show-toplevel 2>&1) ||
		say "IMPL=$IMPL lies in no git repository, which base is taken from: ${said##*fatal: }"
	repo=$said
	impl=$(git -C "$folder" rev-parse --show-prefix)$rest
	id=$(basename "${impl%.*}")
	! ls impls/*/"$id".[c]* >/dev/null 2>&1 ||
		say "IMPL=$IMPL: Readmostly has a map called $id: expected another file name and id"
}

# commit_of NAME REF: prints its commit.
commit_of() {
	git -C "$repo" rev-parse -q --verify "$2^{commit}" && return
	[ "$(git -C "$repo" rev-parse --is-shallow-repository)" = true ] &&
		say "$1=$2: no such commit in this shallow clone: git fetch --unshallow (fetch-depth: 0)"
	say "$1=$2: no such commit${impl:+ in $repo}"
}

changes_of() { # FOLDER of a repository: what its commit does not say
	[ -z "$(git -C "$1" status --porcelain 2>/dev/null)" ] || echo ' and changes'
}

# What measured: Readmostly's commit, which is the same for base and head. Who
# has it without its repository says READMOSTLY_COMMIT.
readmostly_commit() {
	local commit dirty
	read -r commit dirty < <(runner/origin.sh)
	[ "$commit" != unknown ] || commit=${READMOSTLY_COMMIT:-unknown}
	[ "$dirty" != 1 ] || commit+=' and changes'
	echo "$commit"
}

# take_theirs FOLDER [COMMIT]: their tree, of a commit or as it is now. Files get
# the time of now, or make took an older commit for what it has built already.
# Not git archive: what a project does not export may be its map.
take_theirs() {
	local at=$PWD/$1 said work status
	rm -rf "$at" && mkdir -p "$at" || say "$1 cannot be written"
	work=$(mktemp -d) || exit 2
	said=$(
		exec 2>&1
		set -e
		cd "$repo"
		# Nothing is written into their repository.
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
	[ $status = 0 ] || say "$repo cannot be unpacked into $1: ${said##*$'\n'}"
}

# in_repo PATH: prints what of it lies below their repository, whichever way it is
# said. Readmostly's own files are none of theirs, also where they hold it.
in_repo() {
	local path here
	path=$(realpath -m -- "$1")/ here=$(pwd -P)/
	case $path in "$repo"/*) ;; *) return 1 ;; esac
	case $here in "$repo"/?*) case $path in "$here"*) return 1 ;; esac ;; esac
	path=${path#"$repo"}
	echo "${path%/}"
}
# Their words for the compiler: paths into their repository are of each arm's
# own tree, as headers there may differ.
flags_of() { # FOLDER of the arm
	local left="${IMPL_FLAGS-} " arm=$'\1' said='' option='' word below end
	for end in / ' ' $'\t' $'\n'; do # no longer name that begins like it
		left=${left//"$repo$end"/"$arm$end"}
	done
	# Then those that are said from here, or through a link.
	while [ -n "$left" ]; do
		word=${left%%[$' \t\n\'"=,@']*}
		end=${left:${#word}:1} left=${left:${#word}+1}
		if [[ $word =~ ^-(I|isystem|iquote|idirafter|include|imacros) ]]; then
			option=${BASH_REMATCH[0]}
			word=${word#"$option"} said+=$option
		fi
		if [[ -n $word && $word != *"$arm"* && ($option || ($word == */* && -e $word)) ]]; then
			below=$(in_repo "$word") && word=$arm$below
		fi
		[ -z "$word" ] || option=''
		said+=$word$end
	done
	said=${said//"$arm"/"$1"}
	printf '%s\n' "${said% }"
}
