#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A file of the build that is empty, truncated, or from another build is built again and never
# measured.
. tests/tools/tap.sh
needs readmostly plain/gomap_rw check/gomap_rw plain/null_map
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
checked=maps/check/gomap_rw plain=maps/plain/gomap_rw

restore() { # makes an undamaged copy of the build
	rm -rf "$dir/b" && mkdir "$dir/b" &&
		(cd "$build" && cp --parents readmostly maps/names.tsv $checked $plain $plain.json "$dir/b")
}
cut_to() { head -c "$2" "$dir/b/$1" >"$dir/part"; cat "$dir/part" >"$dir/b/$1"; } # FILE BYTES
unmode() { chmod a-x "$dir/b/$checked"; }
explain() { cut_to $checked 0; unmode; echo "a reason" >"$dir/b/$checked.no"; }
removes() { # FILES COMMAND...: after COMMAND, damaged.sh removes only FILES
	files=$1; shift
	restore && "$@" && find "$dir/b" -type f | sort >"$dir/before"
	runner/damaged.sh "$dir/b" "$dir/b" 2>"$dir/out"
	find "$dir/b" -type f | sort | diff "$dir/before" - | sed -n "s|^< $dir/b/||p" | paste -sd' ' >>"$dir/out"
	[ "$(tail -n 1 "$dir/out")" = "$files" ] || { sed 's/^/# /' "$dir/out"; return 1; }
}
refuses() { # STATUS PATTERN COMMAND...
	status=$1 pattern=$2; shift 2
	"$dir/b/readmostly" "$@" >"$dir/out" 2>&1
	[ $? = "$status" ] && grep -q "$pattern" "$dir/out" || { sed 's/^/# /' "$dir/out"; return 1; }
}

check "no file of an undamaged build is removed" removes "" true
check "an empty program stays if a file ID.no explains it" removes "" explain
check "a program without permission to execute is removed" removes $checked unmode
check "a truncated readmostly is removed" removes readmostly cut_to readmostly -1000
for bytes in 0 3 -1000; do
	check "a program of $bytes bytes is removed" removes $checked cut_to $checked $bytes
	restore; cut_to $checked $bytes
	check "check does not start a damaged program" \
		refuses 2 'gomap_rw: damaged: .*NEEDED=check/gomap_rw`' check gomap_rw
	check "check all does not judge the map of a damaged program" \
		refuses 3 '^open gomap_rw: not run: .*: damaged: ' check all
done
# As by the loader if a library is missing.
restore && printf '#!/bin/sh\nexit 127\n' >"$dir/b/$checked"
check "check all does not judge the map of a program that cannot start" \
	refuses 3 'gomap_rw: not run: its program could not be started' check all
restore && mkdir -p "$dir/b/author" "$dir/b/maps/explore" && cp verify/author/readmostly-check "$dir/b/author/" &&
	ln -s readmostly-check "$dir/b/author/readmostly-explore"
for command in check explore; do
	check "$command without its library is refused" refuses 2 "library: no such program.*\`make author\`" $command examples/cpp/unordered_map.cc
	: >"$dir/b/maps/$command/library" && chmod +x "$dir/b/maps/$command/library"
	check "$command with an empty library is refused" \
		refuses 2 "library: no such program, or empty" $command examples/cpp/unordered_map.cc
done
check "a history without its program is refused" refuses 2 "history: .*\`make" check --history x
check "a program with a truncated description is removed" \
	removes "$plain $plain.json" cut_to $plain.json 100
restore; cut_to $plain.json 100
check "readmostly names the truncated description" \
	refuses 3 'gomap_rw.json: damaged: .*run `make` again' dev list

# ---- other parts of a build --------------------------------------------------
another_build() { LC_ALL=C sed -i 's/\(readmostly built by [^ ]* [^ ]* -O\)2/\10/' "$dir/b/$plain"; }
restore && another_build
check "run refuses a program of another build" refuses 2 \
	"plain/gomap_rw was built by .* -O0 .*, readmostly by .* -O2 .*: rm -r $dir/b/maps, then" \
	run --mode smoke --maps gomap_rw -o "$dir/campaign"
check "the refused run writes nothing" [ ! -e "$dir/campaign" ]
restore && cp "$build/maps/plain/null_map" "$dir/b/$plain"
check "run refuses the program of another map" \
	refuses 2 "$plain: the program of another map: remove it" \
	run --mode smoke --maps gomap_rw -o "$dir/campaign"
age() { touch -d 2020-01-01 "$dir/b/$plain"; }
check "a program older than its sources is removed" removes "$plain $plain.json" age
old=$(mktemp -d "$PWD/$build/old.XXXX") && trap 'rm -rf "$dir" "$old"' EXIT
restore && age && mkdir -p "$old/impls/gomap" && cp -r "$dir/b/"* "$old/" && touch -d 2020-01-01 "$old/$plain" &&
	cp "$build/impls/gomap/gomap_rw.o.d" "$old/impls/gomap/"
printf '%s\n' 'writes = 3%' 'keys = 1Ki' 'threads = 1' 'maps = gomap_rw' 'control = none' 'blocks = 1' \
	'window = 1ms' 'verify = 1kops' 'repeat-most = 0' >"$dir/w.conf"
"$old/readmostly" run "$dir/w.conf" --busy-ok --counters none -o "$dir/outdated" >"$dir/out" 2>&1
check "run warns of a program that is older than its sources" \
	contains "$dir/out" "plain/gomap_rw is older than impls/gomap/gomap_rw.c"
check "run records that the sources have changed" \
	contains "$dir/outdated/campaign.json" '"dirty": true'
age_with_folder() { age && mkdir "$dir/b/their.d"; } # `explore their.d/FILE.c` makes a folder x.d
check "an old program next to a folder x.d is removed" removes "$plain $plain.json" age_with_folder
check "make ignores a folder whose name ends with .d" \
	eval 'make -s BUILD="$dir/b" help >"$dir/out" 2>&1'
dependencies() { # [BYTES]: makes an object with a list of dependencies, cut by BYTES
	cp "$build"/impls/bound/null_map.o* "$dir/b" && cut_to null_map.o.d "${1:--0}"
}
check "an object with a complete list of dependencies stays" removes "" dependencies
check "an object with a cut list of dependencies is removed" \
	removes "null_map.o null_map.o.d" dependencies -30
check "an object with an empty list of dependencies is removed" \
	removes "null_map.o null_map.o.d" dependencies 0
cut_source() { cp "$build/facts.c" "$dir/b/" && cut_to facts.c -100; }
check "a generated source that is truncated is removed" removes facts.c cut_source
# ---- a file system without programs -----------------------------------------
restore
cat >"$dir/noexec.sh" <<'END'
mount --bind "$1/b/maps" "$1/b/maps" && mount -o remount,bind,noexec "$1/b/maps" || exit 77
"$1/b/readmostly" check gomap_rw 2>&1
runner/damaged.sh "$1/b" "$1/b"
END
unshare -m bash "$dir/noexec.sh" "$dir" >"$dir/out" 2>&1
if [ $? = 0 ]; then
	check "check names the mount option noexec" contains "$dir/out" \
		"gomap_rw: its file system is mounted noexec: build elsewhere (make BUILD=FOLDER)"
	check "make names the mount option noexec" \
		contains "$dir/out" "$dir/b/maps: its file system is mounted noexec (findmnt -T $dir/b/maps): build"
	check "make removes no program that noexec blocks" [ -x "$dir/b/$checked" ]
else
	skip "a file system that is mounted noexec" "no mount here"
fi
cp "$build/readmostly" "$dir/alone"
check "a copy without maps names the folder that is missing" eval \
	'[[ $("$dir/alone" plan --mode smoke 2>&1) == *"$dir/maps: no such folder: "*"not as a copy" ]]'
mkdir "$dir/tree" && cp -r .ci runner "$dir/tree" && chmod -R a-x,a+X "$dir/tree"
check "scripts without permission to execute get it back" \
	eval '(cd "$dir/tree" && bash runner/damaged.sh b b) 2>&1 |
	grep -q "restores the execute permission of [0-9]* scripts" && cd "$dir/tree/.ci" && [ -x pc ] && [ ! -x packages ]'
done_testing
