# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# regress_builds.sh - how both gates build what they compare; sourced after
# regress_refs.sh by a script that has set cc and build (by the bisect, which has a
# `say` of its own, for is_full). An arm is a folder of map programs, FLAVOUR/ID,
# with the maps that the plan names and no other.

# shellcheck disable=SC2154 # cc, build and gate are the script's

# One at a time in a tree: two makes in one folder break each other. Until the
# script ends, or closes 9.
lock_builds() {
	mkdir -p build && : >>build/regress-builds.lock || cannot . "build cannot be written"
	exec 9>build/regress-builds.lock
	flock 9
}

# is_full FOLDER [LOG]: whether nothing more can be written there, or the log of
# a make says that it could not. Tried with as much as a small program: a
# compiler that met the end has removed what it wrote.
is_full() {
	local probe=$1/.room.$$ full=1
	[ -s "${2-}" ] && grep -qE 'No space left on device|Disk quota exceeded|File too large' "$2" &&
		return
	head -c 16M /dev/zero 2>/dev/null >"$probe" || [ ! -d "$1" ] || full=0
	rm -f "$probe"
	return $full
} 2>/dev/null

no_room() { # FOLDER
	say "$1: no space left on its disk: make room (df -h $1), then the same call again"
}
cannot() { # FOLDER WORDS: why something was not written there
	[ ! -w "$1" ] || ! is_full "$1" || no_room "$1"
	say "$2"
}
# Before minutes of work, not after them.
room_in() { # FOLDER...
	local folder
	for folder in "$@"; do
		[ ! -w "$folder" ] || ! is_full "$folder" || no_room "$folder"
	done
}

# quiet_make WHAT LOG ADVICE ARGUMENTS of make: silent where it builds, else its
# last lines and one that says what to do; of a full disk that line alone.
quiet_make() {
	local what=$1 log=$2 advice=$3; shift 3
	mkdir -p "${log%/*}"
	make --no-print-directory -s -j"$(nproc)" CC="$cc" "$@" 2>/dev/null >"$log" 2>&1 && return
	! is_full "${log%/*}" "$log" || no_room "${log%/*}"
	tail -n 15 "$log" >&2
	say "$what does not build with $cc ($log): $advice"
}

# maps_of ARGUMENTS of run: the maps of what it would run, as words.
maps_of() {
	local said
	said=$("$build/readmostly" run --needs "$@" 2>&1) ||
		{ said=${said#*: }; say "${MAPS:+MAPS=$MAPS: }${said#--maps: }"; }
	sed 's|.*/||' <<<"$said" | sort -u | paste -sd' '
}
make_readmostly() {
	quiet_make 'the work tree' "$build/readmostly.log" 'mend it first' BUILD="$build" "$build/readmostly"
}
# What a program depends on beside its sources and its maps.
compiled_by() { { "$cc" --version; cat "$build/flags"; } | sha256sum | cut -c1-8; }

unpack() { # COMMIT FOLDER: its tree, whole or the end
	(
		set -o pipefail
		rm -rf "$2" && mkdir -p "$2" && git archive --format=tar "$1" | tar -x -C "$2"
	) 2>/dev/null ||
		cannot "${2%/*}" "${1:0:12} cannot be unpacked into $2"
	[ -f "$2/impls/names.sh" ] ||
		say "${1:0:12} is older than one program a map: choose a commit that has impls/names.sh"
}
# maps_in TREE COMMIT MAP...: those that it has.
maps_in() {
	local tree=$1 commit=$2 id have=
	shift 2
	for id in "$@"; do
		! compgen -G "$tree/impls/*/$id.c*" >/dev/null && ! grep -qs "^$id	" "$tree"/impls/*/maps.tsv ||
			have="$have $id"
	done
	[ -n "$have" ] || say "${commit:0:12} has none of the maps $*: choose another commit, or other MAPS="
	echo "$have"
}

# Prints a hash of a program without its debug information, which names the folder
# of the build.
code_of() { # PROGRAM
	local copy status
	copy=$(mktemp) || exit 2
	if objcopy -g -R .note.gnu.build-id "$1" "$copy" 2>/dev/null; then
		sha256sum <"$copy"
	else
		sha256sum <"$1"
	fi
	status=$?
	rm -f "$copy"
	return $status
}
# same_maps BASE HEAD FLAVOUR MAP...: those that have the same program in both arms.
same_maps() {
	local base=$1/$3 head=$2/$3 map
	shift 3
	for map in "$@"; do
		[ ! -s "$base/$map" ] || [ ! -s "$head/$map" ] ||
			[ "$(code_of "$base/$map")" != "$(code_of "$head/$map")" ] || echo "$map"
	done | paste -sd' '
}

protocol_of() { # PROGRAM: the version of the trial protocol that it speaks
	echo '{"protocol": 0}' | "$1" trial 2>&1 |
		sed -n 's/.*protocol is not \([0-9]*\)$/\1/p'
}
# same_protocol BASE HEAD COMMIT MAP...: the programs must understand one request.
same_protocol() {
	local base=$1/plain head=$2/plain commit=$3 of_base of_head
	shift 3
	while [ ! -s "$base/$1" ] && [ $# -gt 1 ]; do shift; done
	of_base=$(protocol_of "$base/$1") of_head=$(protocol_of "$head/$1")
	[ "$of_base" = "$of_head" ] ||
		say "base, ${commit:0:12}, speaks version ${of_base:-unknown} of the trial protocol, head ${of_head:-unknown}: choose a base of the same version"
}
