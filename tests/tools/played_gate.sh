# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# played_gate.sh - for tests of what the gates build, after tap.sh, with $dir and
# $build: $tree, a repository of this tree without objects, and `gate`, which runs
# a script of it with a make that is played (played_make.sh). Its words: $dir/log.
. tests/tools/own_tree.sh
unset MAKEFLAGS MFLAGS MAKELEVEL MAPS HEAD BASE IMPL IMPL_FLAGS PLAN WORKLOAD NOTES GITHUB_ACTIONS
report/find_python.sh >/dev/null || exit 3
tree=$dir/tree
bare_tree "$tree"
mkdir "$dir/bin" "$dir/programs"
cp tests/tools/played_make.sh "$dir/bin/make"
for program in readmostly readmostly-sim; do
	strip -o "$dir/programs/$program" "$build/$program" || exit 1
done
export PLAYED=$dir/programs PLAYED_LOG=$dir/log

gate() { # NAME SCRIPT ARGUMENTS: sets status; leaves $dir/NAME, NAME.err
	local name=$1; shift
	(cd "$tree" && PATH=$dir/bin:$PATH CC=gcc BUILD=build/gcc CHECK='--ops 20 --only model' "$@") \
		>"$dir/$name" 2>"$dir/$name.err"
	status=$?
	sed 's/^/# /' "$dir/$name" "$dir/$name.err" | cut -c1-300
}
