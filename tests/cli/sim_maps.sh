#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Which maps readmostly-sim has: those that a make asks for, also where each was
# there for another program, and where an earlier make was killed.
# slow: over five seconds of CPU time; not part of `make check`.
. tests/tools/tap.sh
. tests/tools/own_tree.sh
build=${BUILD:-build/gcc}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL MAPS IMPL SIM_MAPS MAPS_BUILT OUT
tree=$dir/tree
bare_tree "$tree"
find "$build/sim" \( -path '*/gomap_rw.*' -o -path '*/syncmap.*' \) -exec cp -p --parents -t "$tree" {} +
cp -p --parents -t "$tree" "$build/flags" "$build/sim-flags"

asked() { # SIM_MAPS: makes the table of them
	setsid -w make -s -C "$tree" BUILD="$build" CC="$(cut -d' ' -f1 "$build/flags")" OUT="$build/mode" \
		MAPS_BUILT='gomap_rw syncmap' SIM_MAPS="$1" "$build/mode/sim/maps.c" >"$dir/made" 2>&1
}
has() { # MAP...: and no other
	[ "$(sed -n 's/^\([^ ]*\) yes$/\1/p' "$tree/$build/mode/sim/maps.c.all" | paste -sd' ')" = "$*" ] &&
		[ "$(sed -n 's/^	&rm_impl_\(.*\),$/\1/p' "$tree/$build/mode/sim/maps.c" | paste -sd' ')" = "$*" ] ||
		{ sed 's/^/# /' "$dir/made" "$tree/$build/mode/sim/maps.c.all"; return 1; }
}
asked gomap_rw
check "a map that is asked for is simulated" has gomap_rw
before=$(stat -c %y "$tree/$build/mode/sim/maps.c")
asked gomap_rw
check "the same again makes nothing" [ "$(stat -c %y "$tree/$build/mode/sim/maps.c")" = "$before" ]
asked 'gomap_rw syncmap'
check "so is one that other programs have already" has gomap_rw syncmap
asked syncmap
check "and one that is asked for no more is not" has syncmap

# Killed with all that it began, as by a container's end, in a verdict.
judge=$tree/runner/sim/simulatable.sh
mv "$judge" "$dir/judge"
printf '#!/bin/sh\nkill -9 0\n' >"$judge"
chmod +x "$judge"
asked 'gomap_rw syncmap'
check "a make is killed while it judges a map" [ $? = 137 ]
cp -p "$dir/judge" "$judge"
asked 'gomap_rw syncmap'
check "the next one judges it" has gomap_rw syncmap
done_testing
