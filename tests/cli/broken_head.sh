#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests `make regress` for a map of another project. If head answers wrongly, crashes or hangs, the
# gate prints the fault and fails before any timing. A correct head is timed, and the output files
# are written for every verdict.
# slow: a minute of CPU time; not part of `make check`.
. tests/tools/tap.sh
. tests/tools/clone_tree.sh
build=${BUILD:-build/gcc}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL MAPS HEAD BASE IMPL IMPL_FLAGS PLAN NOTES GITHUB_ACTIONS
report/find_python.sh >/dev/null || exit 3
tree=$dir/tree theirs=$dir/theirs
clone_tree "$tree"
mkdir "$theirs"
sed 's/rwlock_probe/their_map/g' impls/bound/rwlock_probe.c >"$theirs/their_map.c"
in_theirs() { (cd "$theirs" && "$@"); }
in_theirs git init -q -b main
in_theirs commit_all first
in_theirs git tag good

arms() { # NAME BASE: sets status
	(cd "$tree" && IMPL=$theirs/their_map.c CHECK='--ops 2000 --deadline 1' \
		CC=$(cut -d' ' -f1 "$build/flags") BUILD=$build runner/regress_arms.sh "$2") \
		>"$dir/$1" 2>"$dir/$1.err"
	status=$?
	sed 's/^/# /' "$dir/$1" "$dir/$1.err" | cut -c1-300
}
edit() { # SED: edits the map of the commit `good`
	in_theirs git checkout -q good -- their_map.c
	sed -i "$1" "$theirs/their_map.c"
	! in_theirs git diff --quiet good
}
stopped() { # NAME WORDS
	[ $status = 1 ] && grep -qE "$2" "$dir/$1" && tail -n 1 "$dir/$1" |
		grep -q '^verdict: FAIL (their_map of head fails its checks; nothing was timed)$'
}
edit 's/	probe_write(shape, slot, value);/	if (key.word % 8 != 5)\n&/'
GITHUB_ACTIONS=true arms wrong good
check "a head that loses writes is FAIL before it is timed" stopped wrong '^FAIL their_map u64x8 model: .*other than the last one written'
check "the output has the command that reproduces the fault" \
	grep -q '; again: readmostly check their_map --shape u64x8 --only model' "$dir/wrong"
check "the output has an annotation for GitHub" \
	contains "$dir/wrong" "::error title=Readmostly FAIL::"
edit 's/	probe_write(shape, slot, value);/	if (!shape.str || key.length % 8 != 5)\n&/'
arms strings good
check "a head that loses writes of string keys only is FAIL, too" \
	stopped strings '^FAIL their_map str16x8 model: '
edit 's/	lock_to_read(&map->lock);/	abort();\n&/'
arms crash good
check "a head that crashes is FAIL before it is timed" stopped crash '^FAIL .*signal 6'
edit 's/	lock_to_write(&map->lock);/	for (volatile int forever = 1; forever;)\n		;\n&/'
arms hang good
check "a head that hangs is FAIL before it is timed" stopped hang 'no operation|deadline|hang|stuck'

in_theirs git checkout -q good -- their_map.c
arms missing no-such-ref
check "a missing ref is reported in one line, with status 2" \
	eval '[ $status = 2 ] && [ "$(grep -c "^regress: BASE=no-such-ref: no such commit" "$dir/missing.err")" = 1 ]'
in_theirs git -c user.name=n -c user.email=n@n commit -q --allow-empty -m "Later

Slower: their_map 1Ki: why"
echo 'int more(void); int more(void) { return 1; }' >>"$theirs/their_map.c"
timed() {
	BUSY=ok CELLS='their_map 1Ki u*' make -s -C "$tree" regress CC="$(cut -d' ' -f1 "$build/flags")" \
		BUILD="$build" IMPL="$theirs/their_map.c" BASE=good \
		ARGS='--set blocks=20 --set warm-up=1ms -o results/their' >"$dir/timed" 2>"$dir/timed.err"
	sed 's/^/# /' "$dir/timed" "$dir/timed.err" | cut -c1-200
	grep -qE '^verdict: (PASS|FAIL|INVALID|INCONCLUSIVE)' "$dir/timed"
}
check "a correct head is timed and has a verdict" timed
check "uncommitted changes are reported" \
	contains "$dir/timed.err" "with uncommitted changes"
words="map their_map.c of $(in_theirs git rev-parse HEAD) and changes, Readmostly $(git -C "$tree" rev-parse HEAD)"
for file in verdicts.json gate.md index.html; do
	check "$file names the map and the commits of both projects" \
		contains "$tree/results/their/report/$file" "$words"
done
check "the campaign records the slowdowns that commit messages accept" \
	contains "$tree/results/their/campaign.json" '"slower1": "Slower: their_map 1Ki: why"'
done_testing
