#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs every shell step of every CI recipe (docs/guide/ci.md, examples/ci/) unchanged, in a clean
# clone of a project with one map. A good commit passes, a slow one fails by its counts, and a wrong
# one fails before any timing. Real CI differs in four points: the test sets the runner's variables,
# clones are local, the clone of Readmostly gets built objects, and apt-get does not run if the
# packages are installed. Only one cell is counted, to save time.
# slow: a minute of CPU time; not part of `make check`.
. tests/tools/tap.sh
. tests/tools/clone_tree.sh
build=${BUILD:-build/gcc}
python=$(report/find_python.sh) || exit 3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL MAPS HEAD BASE GATE_MAIN IMPL IMPL_FLAGS IMPL_MAKE PLAN NOTES TIME OUT \
	${!GITHUB_*} ${!CI_*} ${!BUILDKITE_*}
mkdir "$dir/steps"
recipe_steps() { "$python" tests/tools/recipe_steps.py "$dir/steps" >"$dir/names"; }
check "every shell step of every recipe is found" recipe_steps
check "each of these steps is run by this test" [ "$(tr '\n' ' ' <"$dir/names")" = \
	"action-1 gitlab-1 gitlab-2 page-1 page-2 page-3 " ]

# The user's project has three versions of one map: a good, a slow and a wrong one.
theirs=$dir/theirs
mkdir -p "$theirs/src"
in_theirs() { (cd "$theirs" && "$@"); }
sed 's/rwlock_probe/my_map/g' impls/bound/rwlock_probe.c >"$theirs/src/my_map.c"
in_theirs git init -q -b main
in_theirs commit_all first
checkout_branch() { in_theirs git checkout -qB "$1" main; }
checkout_branch good
echo '/* A comment. */' >>"$theirs/src/my_map.c"
in_theirs commit_all good
checkout_branch slow
sed -i 's/^	lock_to_read(&map->lock);/&\n	pthread_rwlock_unlock(\&map->lock);\n&/' "$theirs/src/my_map.c"
in_theirs commit_all slow
checkout_branch wrong
sed -i 's/	probe_write(shape, slot, value);/	if (key.word % 8 != 5)\n&/' "$theirs/src/my_map.c"
in_theirs commit_all wrong
in_theirs git checkout -q main

# The clone of Readmostly and its build folder.
clone_tree "$dir/upstream"
cat >"$dir/one.conf" <<'CONF'
writes = 3%
write-kind = update
keys = 1Ki
shape = u64x8
threads = 1
warm-up = 0s
window = 8000ops
deadline = 10min
blocks = 1
measure = simulated:icelake-sp
maps = gomap_rw
CONF
export READMOSTLY_URL=file://$dir/upstream READMOSTLY_REF=main \
	PLAN=$dir/one.conf CC BUILD=$build CHECK='--ops 2000 --deadline 1' RUNNER_TEMP=$dir
CC=$(cut -d' ' -f1 "$build/flags")
copy_objects() { # CLONE: copies the objects of upstream into it
	(cd "$1" && git ls-files -z | xargs -0 touch -h -d 2020-01-01)
	(cd "$dir/upstream" && find "$build" -type f -exec cp -p --parents -t "$1" {} +)
}
clone() { # NAME BRANCH: a clean clone in its own folder, with full history
	mkdir -p "$dir/$1"
	git clone -q -b "$2" "file://$theirs" "$dir/$1/project"
}
run() { # STEP NAME [NAME=VALUE...]: runs the step like a runner; sets status
	local step=$1 name=$2; shift 2
	(cd "$dir/$name/project" && env "$@" bash -eo pipefail "$dir/steps/$step") \
		>"$dir/$name.printed" 2>"$dir/$name.err"
	status=$?
	sed 's/^/# /' "$dir/$name.printed" "$dir/$name.err" | cut -c1-250
}

# GitHub: the action is taken from the runner's clone of Readmostly.
git clone -q "$READMOSTLY_URL" "$dir/actions"
copy_objects "$dir/actions"
github() { # NAME BRANCH TIME
	clone "$1" "$2"
	: >"$dir/$1.summary" >"$dir/$1.output"
	run action-1 "$1" GITHUB_ACTIONS=true GITHUB_WORKSPACE="$dir/$1/project" \
		GITHUB_ACTION_PATH="$dir/actions/examples/ci" GITHUB_BASE_REF=main \
		GITHUB_STEP_SUMMARY="$dir/$1.summary" GITHUB_OUTPUT="$dir/$1.output" \
		FILE=src/my_map.c BASE= TIME="$3" IMPL_FLAGS= READMOSTLY_COMMIT=abc
}
github good good no
check "GitHub, a good commit: status 0" [ $status = 0 ]
check "the summary has the result" contains "$dir/good.summary" "equal: 1 cells: 1 same program"
check "the output names the folder" \
	grep -qx "folder=$dir/good/project/readmostly-gate" "$dir/good.output"
check "the project is unchanged" \
	[ -z "$(git -C "$dir/good/project" status --porcelain)" ]
github slow slow no
check "GitHub, a slower commit: status 1" [ $status = 1 ]
check "the slower commit fails by its counts, with an annotation" \
	eval 'contains "$dir/slow.printed" "::error title=Readmostly red::" && contains "$dir/slow.summary" "accesses"'
check "the outputs have the lines that accept the change, and the explanation" eval \
	'contains "$dir/slow/project/readmostly-gate/counts.txt" "Counts: my_map/" &&
		contains "$dir/slow/project/readmostly-gate/counts-why/why.txt" "why my_map"'

# GitLab: one shell runs all lines of a job, and the job clones Readmostly.
clone lab wrong
run gitlab-1 lab IMPL=src/my_map.c
check "GitLab: before_script clones Readmostly" \
	[ $status = 0 -a -x "$dir/lab/readmostly/examples/ci/gate.sh" ]
run gitlab-1 lab IMPL=src/my_map.c
check "GitLab: before_script accepts an existing clone" [ $status = 0 ]
copy_objects "$dir/lab/readmostly"
run gitlab-2 lab IMPL=src/my_map.c TIME=advice \
	CI_MERGE_REQUEST_DIFF_BASE_SHA="$(in_theirs git rev-parse main)"
check "GitLab, a wrong commit: status 1" [ $status = 1 ]
check "the wrong commit fails before any timing, although TIME=advice" \
	eval 'contains "$dir/lab.printed" "verdict: FAIL (my_map of head fails its checks; nothing was timed)" &&
		[ ! -e "$dir/lab/project/readmostly-gate/verdicts.json" ]'

# The steps of docs/guide/ci.md for a plain shell, and the check of the machine.
clone plain good
mv "$dir/lab/readmostly" "$dir/plain/readmostly.built"
sed -i 's/^test -d .* git clone .*/&\nrm -rf ..\/readmostly; mv ..\/readmostly.built ..\/readmostly/' \
	"$dir/steps/page-1"
run page-1 plain
check "plain shell, a good commit: status 0" [ $status = 0 ]
check "the commit is compared with main of origin" \
	contains "$dir/plain.printed" "($(in_theirs git rev-parse main | cut -c1-12)"

# A library that the user's make builds. It is not committed.
in_theirs git checkout -qB library main
cp examples/cpp/unordered_map.cc "$theirs/src/my_lib.cc"
printf 'out/libmy_map.so: src/my_lib.cc\n\tmkdir -p out\n\t%s -std=c++17 -O2 -shared -fPIC -pthread -o $@ $<\n' \
	"${CXX:-g++}" >"$theirs/Makefile"
echo out >"$theirs/.gitignore"
in_theirs commit_all library
sed -i 's/^		return at == entries.end() .*/		if (key % 8 == 5)\n			return {};\n&/' "$theirs/src/my_lib.cc"
in_theirs commit_all wrong
clone library library
mv "$dir/plain/readmostly" "$dir/library/" # as in a workspace that the runner uses again
run page-2 library
check "a library broken by a commit: fails before any timing" eval '[ $status = 1 ] &&
	contains "$dir/library.printed" "/libmy_map.so of head fails its checks; nothing was timed)"'
mv "$dir/library/readmostly" "$dir/plain/readmostly"

# Builds only the program that the step needs, to save time.
sed -i "s|^make$|make $build/readmostly|; s|build/gcc|$build|" "$dir/steps/page-3"
mkdir -p "$dir/look" && ln -s "$dir/plain/readmostly" "$dir/look/project"
run page-3 look
check "the check of the machine passes or names the problem" \
	eval '[ $status = 0 ] && contains "$dir/look.printed" "event map"'

# Error messages of examples/ci/gate.sh.
sh_gate() { # WORDS ARGUMENTS: expects status 2, and an error with the words
	local words=$1; shift
	(cd "$dir/plain/project" && "$dir/plain/readmostly/examples/ci/gate.sh" "$@") >"$dir/output" 2>&1
	[ $? = 2 ] && contains "$dir/output" "$words"
}
check "a missing map is status 2" sh_gate "no such file: expected the source of a map"
check "a library without IMPL_MAKE is rejected" \
	sh_gate "their.so: no such file: expected a library, or IMPL_MAKE=" their.so
check "IMPL_MAKE for a source file is rejected" \
	eval 'IMPL_MAKE=true sh_gate "IMPL_MAKE= is for a library" src/my_map.c'
check "a wrong word for TIME is rejected" \
	eval 'TIME=maybe sh_gate "expected advice, red or no" src/my_map.c'
check "a base that does not exist is rejected" \
	eval 'BASE=none sh_gate "BASE=none: no such commit" src/my_map.c'
check "a map outside of the repository is rejected" \
	sh_gate "is outside of the repository" "$dir/steps/page-1"
# The path of the file may be absolute or relative to another folder. The file is in base, so the
# gate must not call it "new".
found_in() { # FOLDER FILE
	(cd "$dir/plain/project/$1" && TIME=no timeout -k 1 60 bash -c '. <(sed "s/^cd .*/echo would gate \$IMPL; exit/" "$1") "$2"' \
		"$dir/plain/readmostly/examples/ci/gate.sh" "$dir/plain/readmostly/examples/ci/gate.sh" "$2") >"$dir/output" 2>&1
	contains "$dir/output" "would gate $(realpath "$dir/plain/project")/src/my_map.c"
}
check "an absolute path is found in base" found_in . "$dir/plain/project/src/my_map.c"
check "a path relative to another folder is found" found_in src ../src/my_map.c
git -C "$dir/plain/project" fetch -q --depth 1 origin good
check "a shallow clone is rejected with the remedy" \
	sh_gate "git fetch --unshallow (fetch-depth: 0)" src/my_map.c
done_testing
