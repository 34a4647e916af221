#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every shell step of every recipe for pipelines (docs/guide/ci.md, examples/ci/) runs
# as it stands, in a clean clone of a project with a map of its own: a good commit
# is green, a slow one red by its counts, a wrong one red before anything is timed.
# Not real: the runner's variables are set by hand, clones come from here, and the
# clone of Readmostly is given objects that are built already; apt-get is not
# reached where packages are there. One cell is counted, for time.
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
check "and each is run below" [ "$(tr '\n' ' ' <"$dir/names")" = \
	"action-1 gitlab-1 gitlab-2 page-1 page-2 page-3 " ]

# Their project: three commits of one map, good, slow and wrong.
theirs=$dir/theirs
mkdir -p "$theirs/src"
in_theirs() { (cd "$theirs" && "$@"); }
sed 's/rwlock_probe/my_map/g' impls/bound/rwlock_probe.c >"$theirs/src/my_map.c"
in_theirs git init -q -b main
in_theirs commit_all first
good() { in_theirs git checkout -qB "$1" main; }
good good
echo '/* A comment. */' >>"$theirs/src/my_map.c"
in_theirs commit_all good
good slow
sed -i 's/^	lock_to_read(&map->lock);/&\n	pthread_rwlock_unlock(\&map->lock);\n&/' "$theirs/src/my_map.c"
in_theirs commit_all slow
good wrong
sed -i 's/	probe_write(shape, slot, value);/	if (key.word % 8 != 5)\n&/' "$theirs/src/my_map.c"
in_theirs commit_all wrong
in_theirs git checkout -q main

# Readmostly as they clone it, and what was built of it.
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
built() { # CLONE: gets the objects that upstream got
	(cd "$1" && git ls-files -z | xargs -0 touch -h -d 2020-01-01)
	(cd "$dir/upstream" && find "$build" -type f -exec cp -p --parents -t "$1" {} +)
}
clone() { # NAME BRANCH: a clean clone in its own folder, with full history
	mkdir -p "$dir/$1"
	git clone -q -b "$2" "file://$theirs" "$dir/$1/project"
}
run() { # STEP NAME [NAME=VALUE...]: as a runner does; sets status
	local step=$1 name=$2; shift 2
	(cd "$dir/$name/project" && env "$@" bash -eo pipefail "$dir/steps/$step") \
		>"$dir/$name.said" 2>"$dir/$name.err"
	status=$?
	sed 's/^/# /' "$dir/$name.said" "$dir/$name.err" | cut -c1-250
}

# GitHub: the action lies in a clone of Readmostly that the runner made.
git clone -q "$READMOSTLY_URL" "$dir/actions"
built "$dir/actions"
github() { # NAME BRANCH TIME
	clone "$1" "$2"
	: >"$dir/$1.summary" >"$dir/$1.output"
	run action-1 "$1" GITHUB_ACTIONS=true GITHUB_WORKSPACE="$dir/$1/project" \
		GITHUB_ACTION_PATH="$dir/actions/examples/ci" GITHUB_BASE_REF=main \
		GITHUB_STEP_SUMMARY="$dir/$1.summary" GITHUB_OUTPUT="$dir/$1.output" \
		FILE=src/my_map.c BASE= TIME="$3" IMPL_FLAGS= READMOSTLY_COMMIT=abc
}
github good good no
check "GitHub, a good commit: green" [ $status = 0 ]
check "the summary says it" says "$dir/good.summary" "equal: 1 cells: 1 same program"
check "and the output names the folder" \
	grep -qx "folder=$dir/good/project/readmostly-gate" "$dir/good.output"
check "which changes nothing of the project" \
	[ -z "$(git -C "$dir/good/project" status --porcelain)" ]
github slow slow no
check "GitHub, a slower commit: red" [ $status = 1 ]
check "by its counts, with an annotation" \
	eval 'says "$dir/slow.said" "::error title=Readmostly red::" && says "$dir/slow.summary" "accesses"'
check "whose lines to accept it, and why it is red, are among the outputs" eval \
	'says "$dir/slow/project/readmostly-gate/counts.txt" "Counts: my_map/" &&
		says "$dir/slow/project/readmostly-gate/counts-why/why.txt" "why my_map"'

# GitLab: one shell for the lines of a job, which clones Readmostly itself.
clone lab wrong
run gitlab-1 lab IMPL=src/my_map.c
check "GitLab, before the job: Readmostly is there" \
	[ $status = 0 -a -x "$dir/lab/readmostly/examples/ci/gate.sh" ]
run gitlab-1 lab IMPL=src/my_map.c
check "and before the next one, on a runner that keeps it" [ $status = 0 ]
built "$dir/lab/readmostly"
run gitlab-2 lab IMPL=src/my_map.c TIME=advice \
	CI_MERGE_REQUEST_DIFF_BASE_SHA="$(in_theirs git rev-parse main)"
check "GitLab, a wrong commit: red" [ $status = 1 ]
check "before anything is timed, though time is an advice" \
	eval 'says "$dir/lab.said" "verdict: FAIL (my_map of head fails its checks; nothing was timed)" &&
		[ ! -e "$dir/lab/project/readmostly-gate/verdicts.json" ]'

# The page's own: plain shell, and a look at the machine.
clone plain good
mv "$dir/lab/readmostly" "$dir/plain/readmostly.built"
sed -i 's/^test -d .* git clone .*/&\nrm -rf ..\/readmostly; mv ..\/readmostly.built ..\/readmostly/' \
	"$dir/steps/page-1"
run page-1 plain
check "plain shell, a good commit: green" [ $status = 0 ]
check "against origin's main" says "$dir/plain.said" "($(in_theirs git rev-parse main | cut -c1-12)"

# A library, which their make makes: no file of it is in any commit.
in_theirs git checkout -qB library main
mkdir -p "$theirs/runner"
cp runner/foreign.h "$theirs/runner"
cp examples/cpp/unordered_map.cc "$theirs/src/my_lib.cc"
printf 'out/libmy_map.so: src/my_lib.cc\n\tmkdir -p out\n\t%s -std=c++17 -O2 -I. -shared -fPIC -pthread -o $@ $<\n' \
	"${CXX:-g++}" >"$theirs/Makefile"
echo out >"$theirs/.gitignore"
in_theirs commit_all library
sed -i 's/^		\*value = at->second;/&\n		if (key.word % 8 == 5)\n			return false;/' "$theirs/src/my_lib.cc"
in_theirs commit_all wrong
clone library library
mv "$dir/plain/readmostly" "$dir/library/" # that a kept workspace has
run page-2 library
check "a library that a commit broke: red before it is timed" eval '[ $status = 1 ] &&
	says "$dir/library.said" "/libmy_map.so of head fails its checks; nothing was timed)"'
mv "$dir/library/readmostly" "$dir/plain/readmostly"

# Of `make` no more than what looks, for time.
sed -i "s|^make$|make $build/readmostly|; s|build/gcc|$build|" "$dir/steps/page-3"
mkdir -p "$dir/look" && ln -s "$dir/plain/readmostly" "$dir/look/project"
run page-3 look
check "the look at a machine of one's own ends well or says what to mend" \
	eval '[ $status = 0 ] && says "$dir/look.said" "event map"'

# What the script says to those who call it wrongly.
sh_gate() { # WORDS ARGUMENTS: status 2 and the words
	local words=$1; shift
	(cd "$dir/plain/project" && "$dir/plain/readmostly/examples/ci/gate.sh" "$@") >"$dir/said" 2>&1
	[ $? = 2 ] && says "$dir/said" "$words"
}
check "no map is status 2" sh_gate "expected a file of a map"
check "nor a library that nothing makes" sh_gate "is not there: IMPL_MAKE= says what makes a library" their.so
check "nor what makes something else" eval 'IMPL_MAKE=true sh_gate "IMPL_MAKE= is for a library" src/my_map.c'
check "nor is a wrong word for time" eval 'TIME=maybe sh_gate "expected advice, red or no" src/my_map.c'
check "nor a base that is none" eval 'BASE=none sh_gate "BASE=none: no such commit" src/my_map.c'
check "nor a map that lies elsewhere" sh_gate "lies outside of the repository" "$dir/steps/page-1"
# Other ways to say the file: it is in base, so that it is never "new".
found_in() { # FOLDER FILE
	(cd "$dir/plain/project/$1" && TIME=no timeout -k 1 60 bash -c '. <(sed "s/^cd .*/echo would gate \$IMPL; exit/" "$1") "$2"' \
		"$dir/plain/readmostly/examples/ci/gate.sh" "$dir/plain/readmostly/examples/ci/gate.sh" "$2") >"$dir/said" 2>&1
	says "$dir/said" "would gate $(realpath "$dir/plain/project")/src/my_map.c"
}
check "a map by its whole path is found in base" found_in . "$dir/plain/project/src/my_map.c"
check "and from another folder" found_in src ../src/my_map.c
git -C "$dir/plain/project" fetch -q --depth 1 origin good
check "nor a shallow clone" sh_gate "git fetch --unshallow (fetch-depth: 0)" src/my_map.c
done_testing
