#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Unusual variables and start-up files of the user do not change a plan, a report or a recipe. The
# recorded commit is the commit of these sources.
. tests/tools/tap.sh
needs readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/home/.config/matplotlib"
echo 'set terminal dumb; set title "mine"' >"$dir/home/.gnuplot"
echo 'font.size: 40' | tee "$dir/home/.config/matplotlib/matplotlibrc" >"$dir/rc"
printf 'echo start-up\nsort() { echo sorted; }\n' >"$dir/bashrc"
mkdir "$dir/packages" && echo 'raise ImportError' | tee "$dir/packages/numpy.py" >"$dir/packages/sitecustomize.py"
printf '[core]\n\tquotePath = true\n[color]\n\tui = always\n[status]\n\tshort = true\n' >"$dir/home/.gitconfig"
hostile=(CDPATH=/tmp:/ POSIXLY_CORRECT=1 "SHELLOPTS=nounset:noclobber" BASH_ENV="$dir/bashrc" ENV="$dir/bashrc"
	PYTHONPATH="$dir/packages" SOURCE_DATE_EPOCH=1
	GREP_OPTIONS=-v LC_ALL=tr_TR.UTF-8 LC_NUMERIC=de_DE.UTF-8 MPLBACKEND=none_such MATPLOTLIBRC="$dir/rc"
	PYTHONSAFEPATH=1 PYTHONOPTIMIZE=2 PYTHONWARNINGS=error PYTHONIOENCODING=latin1 GNUTERM=dumb
	GIT_DIR=/nowhere GIT_WORK_TREE=/nowhere GIT_INDEX_FILE=/nowhere GOFLAGS=-n GOOS=plan9 GOGC=off
	JAVA_TOOL_OPTIONS=-Xint HWLOC_COMPONENTS=-all HWLOC_FSROOT=/nowhere OMP_NUM_THREADS=7 MALLOC_ARENA_MAX=1
	ARGP_HELP_FMT=rmargin=30 TAR_OPTIONS=--nonsense XZ_OPT=-0 HOME="$dir/home" XDG_CONFIG_HOME="$dir/home/.config")
cp -r tests/report/oracle/campaigns/one-and-two-threads "$dir/calm" && cp -r "$dir/calm" "$dir/wild"

run_commands() { # FOLDER: prints the output of several commands
	"$build/readmostly" plan --mode smoke --maps gomap_rw,shard_seg --json
	"$build/readmostly" run --help
	"$build/readmostly" --version
	"$build/readmostly" report "$1" | sed "s:$1::g"
	make -s -f - show <<-'END'
		include Makefile
		show:
			@env | grep -E '^(GIT|GO[A-Z]|MPL|PYTHON|HWLOC|CDPATH|POSIX|JAVA|LC_)' | grep -v ^GOOD
	END
}
outputs_are_equal() { # the folder's name in commands on the page is ignored
	grep -rlIF "$dir/wild" "$dir/wild/report" | xargs -r sed -i "s:$dir/wild:$dir/calm:g"
	[ -s "$dir/calm/report/index.html" ] && diff "$dir/calm.out" "$dir/wild.out" && diff -r "$dir/calm" "$dir/wild"
}
check "all commands exit with the same status" eval '
	run_commands "$dir/calm" >"$dir/calm.out" 2>"$dir/calm.err"; calm=$?
	env "${hostile[@]}" build="$build" sh -c "$(declare -f run_commands); run_commands \"\$1\"" _ "$dir/wild" >"$dir/wild.out" 2>"$dir/wild.err"
	[ $? = $calm ]'
check "output, page, tables and figures are identical" outputs_are_equal
origin=$(runner/origin.sh)
check "start-up files and functions of bash change nothing" eval \
	'[ "$(BASH_ENV=$dir/bashrc env "BASH_FUNC_git%%=() { echo git; }" runner/origin.sh)" = "$origin" ]'
check "broken packages in PYTHONPATH change nothing" env PYTHONPATH="$dir/packages" \
	bash -pc ". runner/base/environment.sh; find_python"
check "scripts see a clean environment" eval '
	seen=$(env "${hostile[@]}" bash -pc ". runner/base/environment.sh; env" 2>/dev/null)
	[ "$(grep -cE "^(CDPATH|POSIXLY_CORRECT|GIT_[DWI]|GOGC|MPL|PYTHON[SOWI]|HWLOC|LC_N|SHELLOPTS|OMP)" <<<"$seen")" = 0 ]'

# ---- variables of make -------------------------------------------------------
general() { env -u RM_SCRIPT -u MAKEFLAGS -u CC BUILD="$dir/18" MODE=smoke MAPS=a OUT=out make "$@" \
	--eval 'general: ; @echo "$(BUILD),$$MODE$$MAPS,$$OUT"' general 2>"$dir/err"; }
check "make ignores general names of the environment" [ "$(general)" = "build/gcc,," ]
check "make builds nothing in the ignored folder" [ ! -e "$dir/18" ]
check "make names the variables that it ignores" \
	contains "$dir/err" "ignores BUILD=$dir/18 of the environment: to use it, run make BUILD="
check "a variable on the command line is used" \
	[ "$(general OUT="$dir/typed")" = "build/gcc,,$dir/typed" ]
commands() { make -s -B -n "$@" "$build/readmostly"; } # prints all commands of the build
check "make -rR runs the same commands without built-in variables" eval \
	'commands >"$dir/commands" && MAKEFLAGS=-rR commands | cmp - "$dir/commands"'
PKG_CONFIG_LIBDIR=$dir make -s BUILD="$dir/bare" "$dir/bare/readmostly" >"$dir/out" 2>&1
check "a build without its libraries names them and the packages" contains "$dir/out" \
	"pkg-config does not find hwloc inih jansson zlib: run \`make deps\`, or install gcc libc6-dev"
check "the error names the variable that hides the libraries" \
	contains "$dir/out" "zlib1g-dev, or unset PKG_CONFIG_LIBDIR=$dir"
check "the error is printed before anything is compiled" [ -z "$(find "$dir/bare" -name '*.o')" ]

# ---- a topology of another machine -------------------------------------------
HWLOC_SYNTHETIC="core:2 pu:1" "$build/readmostly" run --mode smoke -o "$dir/run" 2>"$dir/err"
check "run does not measure on a simulated topology" \
	[ "$? $(ls "$dir/run" 2>&1 | grep -c jsonl)" = '2 0' ]
check "the error names the next step" contains "$dir/err" "unset HWLOC_SYNTHETIC"
sed 's/NUMANode" os_index="0"/NUMANode" os_index="5"/' tests/fixtures/campaign/topology.xml >"$dir/bad.xml"
HWLOC_XMLFILE=$dir/bad.xml HWLOC_THISSYSTEM=1 "$build/readmostly" env machine >"$dir/out" 2>&1
check "a damaged topology ends no program by a signal" contains "$dir/out" \
	"NUMA node 5 is not in its own set: unset HWLOC_XMLFILE"
PYTHON=/bin/false report/find_python.sh >"$dir/out" 2>&1
check "PYTHON is used or refused" [ "$? $(grep -c 'PYTHON=/bin/false: expected Python' "$dir/out")" = '3 1' ]

# ---- temporary files ---------------------------------------------------------
mkdir "$dir/a b" "$dir/open" && touch "$dir/file"
temporary() { TMPDIR=$1 bash -c ". runner/base/environment.sh && mktemp -u" 2>&1; }
check "scripts name a TMPDIR that cannot be used" eval '
	for bad in "$dir/none" "$dir/file"; do
		seen=$(temporary "$bad"); [ $? = 2 ] && [[ $seen == *"TMPDIR=$bad: no folder"*"export TMPDIR=FOLDER" ]] || break
	done'
check "spaces in TMPDIR are kept" [ "$(dirname "$(temporary "$dir/a b")")" = "$dir/a b" ]
check "a relative TMPDIR is made absolute" [ "$(dirname "$(temporary tests)")" = "$PWD/tests" ]
TMPDIR=$dir/none "$build/readmostly" dev verify-artifact "$dir/file" >"$dir/artifact" 2>&1
check "programs name a TMPDIR that cannot be used, too" \
	contains "$dir/artifact" "$dir/none: no temporary folder can be made here: No such file"

# ---- the commit --------------------------------------------------------------
mkdir -p "$dir/outer/sources/runner" && cp runner/origin.sh "$dir/outer/sources/runner/"
git -C "$dir/outer" init -q && git -C "$dir/outer" -c user.name=a -c user.email=a@b commit -q --allow-empty -m outer
origin() { (cd "$dir/outer/sources" && runner/origin.sh); }
check "a repository around the sources is ignored" [ "$(origin)" = "unknown -1" ]
cp -r --parents runner/*.sh runner/base "$dir/outer/sources/"
for gate in exact arms bisect; do
	(cd "$dir/outer/sources" && PYTHON=python3 "runner/regress_$gate.sh" HEAD HEAD x) 2>"$dir/err"
	check "regress_$gate.sh does not compare its commits" contains "$dir/err" \
		"$dir/outer/sources is not a git repository, and a repository around it is ignored: run this in a clone of"
done
rm -r "$dir/outer/sources/runner" && mkdir "$dir/outer/sources/runner" && cp runner/origin.sh "$dir/outer/sources/runner/"
printf '%040d\n' 7 >"$dir/outer/sources/.archive-commit"
check "an archive has the commit that git wrote into it" [ "$(origin)" = "$(printf '%040d' 7) -1" ]
check "git archive writes the commit into the file" \
	[ "$(git archive HEAD .archive-commit | tar -xO)" = "$(git rev-parse HEAD)" ]
git -C "$dir/outer/sources" init -q && git -C "$dir/outer/sources" add runner && \
	git -C "$dir/outer/sources" -c user.name=a -c user.email=a@b commit -q -m sources
head=$(git -C "$dir/outer/sources" rev-parse HEAD)
source=$dir/outer/sources/runner/origin.sh
flag() { git -c safe.directory='*' -C "$dir/outer/sources" update-index --"$1" runner/origin.sh; }
rm "$dir/outer/sources/.archive-commit"
check "a clean clone has its commit" [ "$(origin)" = "$head 0" ]
if [ "$(id -u)" = 0 ]; then
	chown -R nobody "$dir/outer" && chmod 755 "$dir"
	check "a clone of another user has its commit, too" [ "$(origin)" = "$head 0" ]
else
	skip "a clone of another user has its commit, too" "not root"
fi
for flag in assume-unchanged skip-worktree; do
	flag $flag && echo >>"$source"
	check "an edit that the flag $flag hides from git is detected" [ "$(origin)" = "$head 1" ]
	flag no-$flag && sed -i '$d' "$source"
done
echo '*.c' >"$dir/outer/sources/.git/info/exclude" && touch "$dir/outer/sources/runner/more.c"
check "an ignored source is detected" [ "$(origin)" = "$head 1" ]
rm "$dir/outer/sources/runner/more.c"
check "without the edit and the ignored source the clone is clean" [ "$(origin)" = "$head 0" ]
echo '[core' >"$dir/config"
GIT_CONFIG_GLOBAL=$dir/config origin >"$dir/out" 2>"$dir/err"
check "if git cannot read its configuration, this is the reason for an unknown commit" \
	contains "$dir/err" \
	"the commit of these sources is unknown, correct this first: git: fatal: bad config line 1 in file $dir/config"
GIT_CONFIG_GLOBAL=$dir/config PYTHON=python3 runner/regress_exact.sh HEAD 2>"$dir/err"
check "the gate names the same reason" \
	contains "$dir/err" "$PWD: bad config line 1 in file $dir/config: correct that first"
echo >>"$source"
check "a modified clone is marked" [ "$(origin)" = "$head 1" ]

mkdir "$dir/no-git" && printf '#!/bin/sh\nexit 127\n' >"$dir/no-git/git" && chmod +x "$dir/no-git/git"
PATH=$dir/no-git:$PATH PYTHON=python3 runner/regress_exact.sh HEAD 2>"$dir/err"
check "a git that does not run is named" contains "$dir/err" "git does not run: install it"

# ---- a partial clone whose remote is gone -------------------------------------
as_author() { git -C "$1" -c user.name=a -c user.email=a@b "${@:2}"; }
git init -q "$dir/remote" && cp -r --parents runner/*.sh runner/base "$dir/remote"
git -C "$dir/remote" config uploadpack.allowFilter true
as_author "$dir/remote" add -A && as_author "$dir/remote" commit -q -m first
echo >>"$dir/remote/runner/origin.sh" && as_author "$dir/remote" commit -q -a -m second
git clone -q --filter=blob:none "file://$dir/remote" "$dir/partial" && mv "$dir/remote" "$dir/moved"
(cd "$dir/partial" && gate=regress && . runner/base/environment.sh && . runner/regress_refs.sh && . runner/regress_builds.sh &&
	unpack "$(git rev-parse HEAD~1)" new/tree) 2>"$dir/err"
check "a missing file of a partial clone is named as the cause" contains "$dir/err" \
	"cannot be unpacked into new/tree: this partial clone (git clone --filter) lacks files, and git cannot fetch them: "
check "the error names the next step for a partial clone" \
	contains "$dir/err" "connect to its remote (git remote -v), or use a complete clone"
done_testing
