# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# environment.sh - removes inherited variables that change results or output (environment.def), like
# environment.c, and checks TMPDIR. Scripts that users start source it first, from the project's folder.
[ -z "${BASH_VERSION-}" ] || { set +o posix; shopt -u extglob nullglob failglob; export -n SHELLOPTS BASHOPTS; }
set +aefuvx
export LC_ALL=C.UTF-8
unset MAKEFLAGS MFLAGS MAKELEVEL # options of the user's make, such as -i, -k or -n
export RM_SCRIPT=yes # make passes variables through the environment
umask u=rwx
unset CDPATH POSIXLY_CORRECT $(awk '
	/^(UNWANTED|KEPT)\(/ { split($0, part, /["(]/); name[++rows] = part[3]; kept[rows] = part[1] == "KEPT" }
	END {
		for (variable in ENVIRON) {
			remove = 0
			for (i = 1; i <= rows; i++) {
				prefix = name[i]
				if (variable == prefix || sub(/\*$/, "", prefix) && index(variable, prefix) == 1)
					remove = kept[i] ? -rows : remove + 1
			}
			if (remove > 0 && variable ~ /^[A-Za-z_][A-Za-z0-9_]*$/ && variable !~ /^(SHELLOPTS|BASHOPTS|LC_ALL)$/)
				print variable
		}
	}' runner/base/environment.def)

# The path of temporary files must be absolute, because some commands run in other folders.
case ${TMPDIR:-/} in /*) ;; *) export TMPDIR="$PWD/$TMPDIR" ;; esac
if ! { [ -d "${TMPDIR:-/tmp}" ] && [ -w "${TMPDIR:-/tmp}" ] && [ -x "${TMPDIR:-/tmp}" ]; }; then
	echo "${0##*/}: TMPDIR=${TMPDIR:-/tmp}: no folder for temporary files that can be written:" \
		"choose one: export TMPDIR=FOLDER" >&2
	exit 2
fi
# take_lock FD FILE: locks FILE until FD is closed. FILE contains the name of the process that holds
# the lock; it is printed before a wait.
take_lock() {
	eval "exec $1>>\"\$2\"" || return
	flock -n "$1" || {
		echo "${0##*/}: waiting for process $(cat "$2"), which holds $(realpath "$2")" >&2
		flock "$1" & # in the background, so that traps run during the wait
		wait $! || return
	}
	echo "$$ (${0##*/})" >"$2"
}
# Prints the seconds since the machine started. Unlike `date` and SECONDS, they do not jump if the clock is set.
uptime_s() {
	read -r uptime _ </proc/uptime && echo "${uptime%%.*}"
}
# Runs git with settings that override the user's. This also works in a clone of another user. A
# repository that contains the folder of the sources is ignored, except by git -C FOLDER.
readmostly_home=$PWD
readmostly_git="-c core.fsmonitor=false -c core.autocrlf=false -c log.showSignature=false"
git() (
	[ "$1" = -C ] || export GIT_CEILING_DIRECTORIES="${readmostly_real%/*}"
	command git -c safe.directory="$readmostly_home" $readmostly_git "$@"
)
readmostly_real=$(pwd -P)
# explain_git OUTPUT: prints the first error in the output of git and, if a partial clone lacks files, the next step.
explain_git() {
	readmostly_git_error=$(echo "$1" | sed -n 's/^\(fatal\|error\): //p' | head -n 1)
	: "${readmostly_git_error:=$(echo "$1" | tail -n 1)}"
	case $1 in
	*'promisor remote'*) echo "this partial clone (git clone --filter) lacks files, and git cannot fetch them:" \
		"$readmostly_git_error: connect to its remote (git remote -v), or use a complete clone" ;;
	*) echo "$readmostly_git_error" ;;
	esac
}
# need_clone NAME: exits with status 2 and a message of the command NAME if the sources are not a repository.
need_clone() {
	readmostly_git_status=0
	command git --version >/dev/null 2>&1 || readmostly_git_status=$?
	case $readmostly_git_status in
	126 | 127) # status of a shell if the command cannot be started
		echo "$1: git does not run: install it (apt-get install git), or correct PATH" >&2
		exit 2 ;;
	esac
	readmostly_git_output=$(git rev-parse --show-toplevel 2>&1) && [ "$readmostly_git_output" = "$readmostly_real" ] && return
	case $readmostly_git_output in
	/* | *'not a git repository'*) echo "$1: $PWD is not a git repository, and a repository around it is ignored:" \
		"run this in a clone of Readmostly" ;;
	*) echo "$1: git cannot read the repository $PWD: $(explain_git "$readmostly_git_output"): correct that first" ;;
	esac >&2
	exit 2
}
# find_python: sets $python to a Python that can make the report. PYTHONPATH and the user's packages
# are used only if no Python has all packages without them.
find_python() {
	python=$(unset PYTHONPATH; PYTHONNOUSERSITE=1 report/find_python.sh 2>/dev/null) &&
		unset PYTHONPATH && export PYTHONNOUSERSITE=1 || python=$(report/find_python.sh)
}
