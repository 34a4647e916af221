#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests how both gates build their arms, with a fake make. They build only the maps of the plan,
# build them again only after changes, and do not use files of a killed run. Errors before any
# measurement are one line.
# slow: over five seconds of CPU time; not part of `make check`.
. tests/tools/tap.sh
build=$(realpath "${BUILD:-build/gcc}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
. tests/tools/stub_gate.sh
in_tree() { (cd "$tree" && "$@"); }
new_log() { : >"$dir/log"; gate "$@"; } # each call has its own log
arms() { local name=$1; shift; new_log "$name" runner/regress_arms.sh "$@"; }
exact() { # NAME BASE: counts one short cell of each map; sets status
	new_log "$1" runner/regress_exact.sh "$2" '' --set keys=1Ki --set threads=1 \
		--set window=500ops --set write-kind=update
}
builds() { grep -c . "$dir/log"; }
built() { # REGEX: prints the maps that the matching makes built
	grep -e "$1" "$dir/log" | grep -o '\(plain\|sim\)/[a-z0-9_]*' | cut -d/ -f2 | sort -u | paste -sd' '
}
one_line() { # true if the status is 2 and the output is only this line
	[ $status = 2 ] && [ "$(grep -c . "$dir/$1.err")" = 1 ] && grep -qE "^regress(-exact)?: .*$2" "$dir/$1.err"
}
all='gomap_rw hashtriemap shard_rw_32 shard_seg snapshot syncmap'

for patch in tests/fixtures/gate/*.patch; do
	check "${patch##*/} applies to this tree" in_tree git apply --check "$PWD/$patch"
done

# The time gate.
arms first HEAD
check "base and head are built, copy is a copy of base" eval '[ $status = 0 ] &&
	diff -r "$tree"/build/regress-{base,copy}/maps && [ -x "$tree/build/regress-head/maps/plain/syncmap" ]'
check "the notes list maps with equal programs" [ "$all" = \
	"$(sed -n 's/^same=//p' "$tree/build/regress-notes" | tr ' ' '\n' | sort | paste -sd' ')" ]
check "head has only the maps of the plan" [ "$(built OUT=build/regress-head)" = "$all" ]
check "base has only the maps of the plan" [ "$(built '-C .*regress-base/tree')" = "$all" ]
arms again HEAD
check "the same call does not build base again" [ "$(built '-C .*regress-base')" = '' ]
check "the same call builds head again, whose files may have changed" \
	[ "$(built OUT=build/regress-head)" = "$all" ]
: >"$tree/build/regress-base/tree/kept"
MAPS=syncmap arms chosen HEAD
check "if MAPS= differs, base is built again, with the maps of the controls" \
	[ "$(built '-C .*regress-base')" = 'gomap_rw syncmap' ]
check "base is built again in the existing tree" [ -e "$tree/build/regress-base/tree/kept" ]
check "the note lists the maps of base" \
	grep -q ' gomap_rw syncmap$' "$tree/build/regress-base/built"
WORKLOAD=big-shards arms workload HEAD
check "WORKLOAD selects the maps of the workload" \
	grep -qw shard_rw_64 <(built OUT=build/regress-head)
arms first_again HEAD
in_tree rm -f impls/snapshot/snapshot.c
in_tree commit_all 'a base that lacks a map'
in_tree git revert -q --no-edit HEAD >/dev/null 2>&1 ||
	in_tree git -c user.name=n -c user.email=n@n revert --no-edit HEAD >/dev/null
arms lacks HEAD~1
check "another base is unpacked again" [ ! -e "$tree/build/regress-base/tree/kept" ]
check "a base without a map is built without it" \
	[ "$(built '-C .*regress-base')" = "${all/snapshot /}" ]
check "head has the map" [ "$(built OUT=build/regress-head)" = "$all" ]

# Two runs in one tree, of which the second has another head. The second run waits for the lock
# while the first one measures. If it requests no lock, it starts after the first one.
cat >"$dir/bin/flock" <<END
#!/bin/sh
for fd; do :; done
readlink "/proc/self/fd/\$fd" >>"$dir/calls"
exec $(command -v flock) "\$@"
END
cat >"$dir/measure" <<END
#!/bin/bash
sha256sum build/regress-*/maps/plain/* >"$dir/begun"
flock -n build/regress.lock true || echo "the lock is held"
: >"$dir/calls"
echo 'protocol 9' >played
{ LOCK=build/regress.lock runner/regress_arms.sh HEAD
echo \$? >"$dir/second.status"; } >"$dir/second" 2>&1 8>&- &
until grep -q 'regress\.lock$' "$dir/calls" || [ -e "$dir/second.status" ]; do sleep 0.1; done
sha256sum --quiet -c "$dir/begun" && echo "the arms are those of before"
END
chmod +x "$dir/bin/flock" "$dir/measure"
LOCK=build/regress.lock arms held HEAD "$dir/measure"
while [ -e "$dir/begun" ] && [ ! -e "$dir/second.status" ]; do sleep 0.1; done
rm -f "$dir/bin/flock" "$tree/played"
check "measurement runs under the lock" \
	eval '[ $status = 0 ] && contains "$dir/held" "the lock is held"'
check "a second run does not change the arms of the first" \
	contains "$dir/held" "the arms are those of before"
check "the second run builds its own arms afterwards" contains "$dir/second" "head uses 9: choose a base"
MAPS=nix arms none HEAD
check "an unknown map is reported, and nothing is built" \
	eval 'one_line none "MAPS=nix: no map is called .nix." && [ "$(builds)" = 1 ]'

# Bases that have a fault.
commit_fault() { # WORDS: commits a fault as HEAD~1; the files of HEAD stay as before
	echo "$1" >"$tree/played"
	in_tree commit_all "$1"
	rm "$tree/played"
	in_tree commit_all "no $1"
}
commit_fault 'protocol 1'
arms other HEAD~1
own=$(echo '{"protocol": 0}' | "$build/readmostly" dev trial 2>&1 | sed -n 's/.*not \([0-9]*\).*/\1/p')
check "a base of another protocol is one line, with versions and remedy" \
	one_line other "base, [0-9a-f]{12}, uses version 1 of the trial protocol, head uses $own: choose a base of the same version"
exact other_exact HEAD~1
check "the exact gate prints the same line" \
	eval 'sed -i /^building/d "$dir/other_exact.err"; one_line other_exact \
	"base, [0-9a-f]{12}, uses version 1 of the trial protocol, head uses $own: choose a base of the same version"'
commit_fault breaks
arms breaks HEAD~1
check "a base that does not build is status 2, with the log" eval '[ $status = 2 ] &&
	tail -n 1 "$dir/breaks.err" | grep -q "^regress: base, .* does not build with gcc (.*/log): choose another commit"'
check "the error of the compiler is printed before" contains "$dir/breaks.err" 'error: planted'
in_tree git rm -q impls/names.sh
in_tree commit_all 'one program of all maps'
in_tree git checkout -q HEAD~1 -- impls/names.sh
in_tree commit_all 'one program a map'
arms older HEAD~1
check "a base with one program for all maps is one line" one_line older \
	'[0-9a-f]{12} has no program per map yet: choose a commit that has impls/names.sh'
commit_fault killed
arms killed HEAD~1 2>/dev/null
check "a kill during the build of base leaves no note" \
	eval '[ $status = 137 ] && [ ! -e "$tree/build/regress-base/built" ]'
: >"$tree/build/regress-base/tree/kept"
arms killed_again HEAD~1 2>/dev/null
check "the next call builds base from scratch" [ ! -e "$tree/build/regress-base/tree/kept" ]

# The exact gate.
MAPS='gomap_rw,syncmap' exact equal HEAD
check "the exact gate builds and compares selected maps" \
	eval '[ $status = 0 ] && contains "$dir/equal" "equal: 2 cells: 2 same program"'
check "the exact gate builds these maps in both arms" \
	[ "$(built 'OUT=.*/tree.*sim/') and $(built '-C .*sim/')" = \
	'gomap_rw syncmap and gomap_rw syncmap' ]
exact whole HEAD
check "without MAPS= the exact gate builds the maps of the plan" [ "$(built sim/)" = "$all" ]
MAPS=nix exact nix HEAD
check "the exact gate reports an unknown map" one_line nix 'MAPS=nix: no map is called .nix.'
done_testing
