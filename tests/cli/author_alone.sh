#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# verify/ builds without most of the tree. It needs only the headers that define a map, runner/base,
# runner/protocol and the simulated guest. The GitHub action examples/ci/check runs this build.
# slow: a minute of CPU time.
. tests/tools/tap.sh
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL SANITIZE CFLAGS CXXFLAGS BUILD
cp -r --parents verify runner/*.h runner/impl_words.c runner/base runner/protocol \
	runner/map_program/{map_program.h,this_map.c} \
	runner/sim/{sim.h,model/*.h,names.txt,simulatable.sh,guest} impls/support/hash.h examples/ci/check "$dir"
mkdir "$dir/theirs"
cp examples/cpp/unordered_map.cc "$dir/theirs"
sed -n '/^      run: |$/,$ s/^        //p' examples/ci/check/action.yml >"$dir/steps"
action() { # STATUS WORDS FLAGS
	(cd "$dir/theirs" && GITHUB_ACTION_PATH=$dir/examples/ci/check ADAPTER=unordered_map.cc FLAGS=$3 BUDGET=2 \
		bash -eo pipefail "$dir/steps") >"$out" 2>&1
	[ $? = "$1" ] && contains "$out" "$2" || { tail -n 30 "$out" | sed 's/^/# /'; return 1; }
}
check 'the action builds only verify/, checks a map and explores it' action 0 'open unordered_map.cc: ' ''
check 'the action finds a bug' action 1 "again: CFLAGS='-DBUG' " -DBUG
done_testing
