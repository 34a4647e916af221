# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# regress_builds.sh - builds the arms of both gates. Sourced after regress_refs.sh by scripts that set cc and build;
# regress_bisect.sh, which has its own `fail`, uses only is_full and no_room. An arm is a folder of map programs,
# FLAVOUR/ID, with exactly the maps of the plan.

# shellcheck disable=SC2154 # the script sets cc, build and gate

# Two makes in one folder break each other, so only one script at a time may build in a tree. The lock is held until the
# script ends or closes descriptor 9.
lock_builds() {
	mkdir -p build && : >>build/regress-builds.lock || cannot . "build cannot be written"
	take_lock 9 build/regress-builds.lock
}

# is_full FOLDER [LOG]: true if nothing can be written there, or if the log of a make says so. Tries to write as much as
# a small program, since a compiler that failed has removed its output.
is_full() {
	local probe=$1/.room.$$ full=1
	[ -s "${2-}" ] && grep -qE 'No space left on device|Disk quota exceeded|File too large' "$2" &&
		return
	head -c 16M /dev/zero 2>/dev/null >"$probe" || [ ! -d "$1" ] || full=0
	rm -f "$probe"
	return $full
} 2>/dev/null

no_room() { # FOLDER
	fail "$1: no space left on its disk: make room (df -h $1), then run the same command again"
}
cannot() { # FOLDER WORDS: prints why something could not be written
	[ ! -w "$1" ] || ! is_full "$1" || no_room "$1"
	fail "$2"
}
# Checks for free space before a build that takes minutes.
room_in() { # FOLDER...
	local folder
	for folder in "$@"; do
		[ ! -w "$folder" ] || ! is_full "$folder" || no_room "$folder"
	done
}

# quiet_make WHAT LOG ADVICE ARGUMENTS of make: prints nothing if the build succeeds. Otherwise prints the last lines
# and the advice, or only that the disk is full.
quiet_make() {
	local what=$1 log=$2 advice=$3; shift 3
	mkdir -p "${log%/*}"
	make --no-print-directory -s -j"$(nproc)" CC="$cc" "$@" 2>/dev/null >"$log" 2>&1 && return
	! is_full "${log%/*}" "$log" || no_room "${log%/*}"
	tail -n 15 "$log" >&2
	fail "$what does not build with $cc ($log): $advice"
}

# maps_of ARGUMENTS of run: prints the ids of the maps that it would run.
maps_of() {
	local output
	output=$("$build/readmostly" run --needs "$@" 2>&1) ||
		{ output=${output#*: }; fail "${MAPS:+MAPS=$MAPS: }${output#--maps: }"; }
	sed 's|.*/||' <<<"$output" | sort -u | paste -sd' '
}
make_readmostly() {
	quiet_make 'the work tree' "$build/readmostly.log" 'fix it first' BUILD="$build" "$build/readmostly"
}
# Hash of the compiler and its flags: a program depends on these, on its sources and on its maps.
compiled_by() { { "$cc" --version; cat "$build/flags"; } | sha256sum | cut -c1-8; }

unpack() { # COMMIT FOLDER: unpacks its tree completely, or fails
	local output
	output=$(
		exec 2>&1
		set -o pipefail
		rm -rf "$2" && mkdir -p "$2" && git archive --format=tar "$1" | tar -x -C "$2"
	) ||
		cannot "${2%/*}" "${1:0:12} cannot be unpacked into $2: $(explain_git "$output")"
	[ -f "$2/impls/names.sh" ] ||
		fail "${1:0:12} has no program per map yet: choose a commit that has impls/names.sh"
}
# maps_in TREE COMMIT MAP...: prints the maps that the tree has.
maps_in() {
	local tree=$1 commit=$2 id found=
	shift 2
	for id in "$@"; do
		! compgen -G "$tree/impls/*/$id.c*" >/dev/null && ! grep -qs "^$id	" "$tree"/impls/*/maps.tsv ||
			found="$found $id"
	done
	[ -n "$found" ] || fail "${commit:0:12} has none of the maps $*: choose another commit, or other MAPS="
	echo "$found"
}

# Prints a hash of a program without its debug information, which contains the path of the build.
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
# same_maps BASE HEAD FLAVOUR MAP...: prints the maps with equal programs in both arms.
same_maps() {
	local base=$1/$3 head=$2/$3 map
	shift 3
	for map in "$@"; do
		[ ! -s "$base/$map" ] || [ ! -s "$head/$map" ] ||
			[ "$(code_of "$base/$map")" != "$(code_of "$head/$map")" ] || echo "$map"
	done | paste -sd' '
}

protocol_of() { # PROGRAM: prints its version of the trial protocol
	echo '{"protocol": 0}' | "$1" trial 2>&1 |
		sed -n 's/.*protocol is not \([0-9]*\)$/\1/p'
}
# same_protocol BASE HEAD COMMIT MAP...: fails unless both arms speak the same trial protocol.
same_protocol() {
	local base=$1/plain head=$2/plain commit=$3 of_base of_head
	shift 3
	while [ ! -s "$base/$1" ] && [ $# -gt 1 ]; do shift; done
	of_base=$(protocol_of "$base/$1") of_head=$(protocol_of "$head/$1")
	[ "$of_base" = "$of_head" ] ||
		fail "base, ${commit:0:12}, uses version ${of_base:-unknown} of the trial protocol," \
			"head uses ${of_head:-unknown}: choose a base of the same version"
}
