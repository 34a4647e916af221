#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# any_machine.sh [CASE...] - runs `make bench MODE=smoke` as on other machines: with other users,
# packages and numbers of CPUs.
#
# Each case has a fresh copy of HEAD without git, like a tarball. Mounts and cgroups restrict the
# real machine if possible; larger numbers of CPUs are simulated by hwloc. Expected: status 0, a
# page, and a valid campaign. Needs root.
#
#   CHECK=1           `make check` instead, in a clone of HEAD; expected: no failed fact.
#                     More cases: no_events, without:PACKAGE[,PACKAGE...]
#   BUILT=build/gcc   with CHECK: copies this build, whose sources must be those of HEAD
#   SOURCE=DIR        this tree instead of HEAD
#   ARGS='...'        arguments of the campaign; default: two maps, one block, no repeats.
#                     ARGS= runs all of smoke
#   READMOSTLY=FILE   program that validates the campaigns
#   KEEP=1            keeps the folder of a failed case; its log is always in
#                     build/any-machine/CASE.log
#   WRAP='flock FILE' runs each case inside this command
cd "$(dirname "$0")/../.." || exit 1
root=$PWD
[ "$(id -u)" = 0 ] || { echo "any_machine: needs root" >&2; exit 2; }
if [ "$1" = --one ]; then # this process runs inside WRAP and uses the folder of the outer process
	work=$2
else
	work=$(mktemp -d /tmp/any-machine-XXXXXX) || exit 1
	trap 'clean' EXIT
fi
chmod 755 "$work"
args=${ARGS---set blocks=1 --set repeat-most=0 --maps null_map,shard_seg}
program=${READMOSTLY:-$root/build/gcc/readmostly}
case_s=600 nobody=65534 failed=0
[ -z "$CHECK" ] || case_s=3600

clean() {
	[ -n "$KEEP" ] && [ $failed = 1 ] || rm -rf "$work"
}

take_built() { # FOLDER: copies the build; sources become older than objects
	local cargo= # the Rust crates are in a folder that all builds share
	[ ! -d build/cargo ] || cargo=build/cargo
	(cd "$1" && git ls-files -z | xargs -0 touch -h -d 2020-01-01) &&
		tar -c --exclude="$BUILT/sanitized" --exclude="$BUILT/tap" --exclude="$BUILT/mutants" \
			"$BUILT" $cargo | tar -C "$1" -x
}
tree() { # FOLDER: makes a fresh copy
	mkdir -p "$1"
	if [ -n "$CHECK" ]; then
		git clone -q "$root" "$1"
		[ -z "$BUILT" ] || take_built "$1"
	elif [ -n "$SOURCE" ]; then
		tar -C "$SOURCE" --exclude=./build --exclude=./.git \
			--exclude='./results/*/' -c . | tar -C "$1" -x
	else
		git archive HEAD | tar -C "$1" -x
	fi
}

# Prints a prefix for a command in `unshare -m sh -c`. The prefix mounts a layer over /usr, in which
# the files and the targets of their links are removed. It would not be enough to make a file
# unreadable, because bash would still find it.
hide() { # FILE...
	rm -rf "$work/layer" # the layer of the previous case
	mkdir -p "$work"/layer/{upper,work}
	for file in "$@"; do
		[ -e "$file" ] && printf '%s\n' "$(readlink -f "${file%/*}")/${file##*/}" "$(readlink -f "$file")"
	# Without the layer, the real files would be removed.
	done | grep '^/usr/' >"$work/layer/hidden"
	printf "mount -t overlay overlay -o '%s' /usr && xargs -d '\\n' -a '%s' rm -rf && " \
		"lowerdir=/usr,upperdir=$work/layer/upper,workdir=$work/layer/work" \
		"$work/layer/hidden"
}
# Python treats an empty folder as a module, so all files of Python packages are removed.
files_of() { # PACKAGE...: files that programs and builds look for
	dpkg -L "$@" 2>/dev/null | sed 's|\(/dist-packages/[^/]*\)/.*|\1|' | sort -u |
		grep -E '/s?bin/[^/]*$|\.pc$|\.so(\.|$)|\.a$|\.jar$|/include/.*\.h(h|pp)?$|\.ttf$|/dist-packages/'
}
wanted() { awk '$3 == "wanted" { print $2 }' "$root/.ci/packages"; }
first_cpu() { taskset -pc $$ | sed 's/.*: *\([0-9]*\).*/\1/'; }

cgroup_of_quota() { # makes $cgroup, with half a CPU
	if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
		cgroup=/sys/fs/cgroup/any-machine-$$
		mkdir "$cgroup" && echo "50000 100000" >"$cgroup/cpu.max"
	else
		cgroup=/sys/fs/cgroup/cpu/any-machine-$$
		mkdir "$cgroup" && echo 100000 >"$cgroup/cpu.cfs_period_us" &&
			echo 50000 >"$cgroup/cpu.cfs_quota_us"
	fi 2>/dev/null
}

bench() { # runs the command of every case
	[ -z "$CHECK" ] || { make --no-print-directory check; return; }
	make --no-print-directory bench MODE=smoke ${BUILD:+BUILD="$BUILD"} \
		ARGS="$args${out:+ -o $out}"
}
export -f bench
export args

# Cases. Each case runs `bench` in the tree $here. Status 77: the case is impossible on this
# machine.
plain() { bench; }
user() {
	chown -R $nobody:$nobody "$here"
	setpriv --reuid=$nobody --regid=$nobody --clear-groups \
		env HOME=/nonexistent CCACHE_DISABLE=1 bash -c bench
}
read_only() {
	export out=$work/read_only.out BUILD=$work/read_only.build
	unshare -m bash -c "mount --bind '$here' '$here' &&
		mount -o remount,bind,ro '$here' && cd '$here' && bench"
}
read_only_user() {
	export out=$work/ro_user.out BUILD=$work/ro_user.build
	mkdir "$out" "$BUILD" && chown $nobody "$out" "$BUILD"
	setpriv --reuid=$nobody --regid=$nobody --clear-groups \
		env HOME=/nonexistent CCACHE_DISABLE=1 bash -c bench
}
without() { # PACKAGE...
	mapfile -t files < <(files_of "$@")
	[ "${#files[@]}" != 0 ] || return 77
	unshare -m bash -c "$(hide "${files[@]}") bench"
}
no_wanted() {
	mapfile -t packages < <(wanted)
	without "${packages[@]}" || return
	[ -n "$CHECK" ] || build/gcc/readmostly dev list | grep 'urcu_lfht .*needs liburcu'
}
no_events() { sed -i '/^#/!d' runner/counters/events.tsv && bench; }
no_apt() { unshare -m bash -c "$(hide /usr/bin/apt-get) bench"; }
blank() { bench; }
bare_environment() {
	env -i PATH="$PATH" make --no-print-directory bench MODE=smoke \
		ARGS="$args"
}
quota() {
	cgroup_of_quota || return 77
	(echo $BASHPID >"$cgroup/cgroup.procs" && bench) || return
	grep -q '^nr_throttled [1-9]' "$cgroup/cpu.stat"
}
one_cpu() { taskset -c "$(first_cpu)" bash -c bench; }
# If a case has more CPUs than the machine, its campaign is planned but not run.
planned() { # TOPOLOGY THREADS: true if the plan has cells with THREADS threads
	HWLOC_SYNTHETIC=$1 "$program" plan --mode smoke &&
		HWLOC_SYNTHETIC=$1 "$program" plan --mode smoke --json |
		grep "\"threads\": *$2[,}]"
}
three_cpus() { planned 'pack:1 core:3 pu:1' 3; }
many_cpus() { planned 'pack:2 [numa] core:16 pu:2' 64; }
unknown_cpu() {
	for cpu in $(seq 0 $(($(nproc --all) - 1))); do
		printf 'processor\t: %d\nhart\t\t: %d\nisa\t\t: rv64gc\n\n' \
			"$cpu" "$cpu"
	done >"$work/cpuinfo"
	unshare -m bash -c "mount --bind '$work/cpuinfo' /proc/cpuinfo && bench"
}

text_of() {
	case $1 in
	plain) echo "as root, from a tarball" ;;
	user) echo "an ordinary user without a home" ;;
	read_only) echo "read-only sources (bind mount), BUILD and -o elsewhere" ;;
	read_only_user) echo "sources of root, run by a user, BUILD and -o elsewhere" ;;
	no_wanted) echo "every optional package is hidden" ;;
	without:*) echo "one optional package is hidden" ;;
	no_events) echo "the table of events has no line" ;;
	no_apt) echo "no apt-get: not a Debian machine" ;;
	blank) echo "a blank in the folder's name" ;;
	bare_environment) echo "only PATH in the environment" ;;
	quota) echo "half a CPU by a cgroup" ;;
	one_cpu) echo "one CPU (taskset)" ;;
	three_cpus) echo "3 CPUs, simulated by hwloc: the plan" ;;
	many_cpus) echo "64 CPUs, 2 sockets, SMT, simulated by hwloc: the plan" ;;
	unknown_cpu) echo "a CPU that is not in the tables (/proc/cpuinfo of RISC-V)" ;;
	esac
}
all="plain user read_only read_only_user no_wanted no_apt blank
	bare_environment quota one_cpu three_cpus many_cpus unknown_cpu"

red() { grep -E '^ *not ok|^(FAILED|ERROR) ' "$1"; } # LOG: prints the failed facts

# Prints the result in words. Void trials are not failures of the tree; they show that another
# process used the CPU.
verdict() { # STATUS LOG
	local page campaign counts planned first
	[ "$1" = 77 ] && { echo "not possible here"; return; }
	if [ -n "$CHECK" ]; then
		[ "$1" = 0 ] && { echo "ok, $(tail -n 1 "$2")"; return; }
		first=$(red "$2" | head -n 1)
		echo "status $1: $(red "$2" | wc -l) not ok, ${first:-$(tail -n 1 "$2")}" | tr '|' /
		return
	fi
	planned=$(grep -o '[0-9]* trials in [0-9]* blocks' "$2")
	page=$(sed -n 's/^report: //p' "$2")
	counts=$(sed -n 's/^[0-9]* trials: //p' "$2" | tail -n 1)
	if [ -z "$page" ] && [ "$1" = 0 ] && [ -n "$planned" ]; then
		echo "ok, $planned"
		return
	fi
	case $counts in
	*", 0 failed,"*) ;;
	*)
		echo "status $1: $(grep -vE '^make' "$2" | tail -n 1 | cut -c1-160)"
		return ;;
	esac
	(cd "$here" && [ -s "$page" ]) || { echo "no page: $page"; return; }
	campaign=$(cd "$here" && cd "$(dirname "$page")/.." && pwd)
	"$program" dev validate "$campaign" >"$2.validate" 2>&1 ||
		{ echo "validate: $(tail -n 1 "$2.validate")"; return; }
	! grep 'findfont\|Traceback' "$2" | head -n 1 | grep . || return
	echo "ok, $counts"
}

run() { # CASE
	local begun=$SECONDS log=$work/$1.log status word name package
	IFS=: read -r name package <<<"$1"
	here=$work/${1//:/_} # make does not accept colons
	[ "$1" = blank ] && here="$work/with a blank"
	tree "$here"
	export MPLCONFIGDIR=$work/$1.mpl # so that matplotlib finds only the fonts of this case
	(cd "$here" && export here && "$name" ${package//,/ }) >"$log" 2>&1 </dev/null
	status=$?
	rmdir /sys/fs/cgroup/{,cpu/}any-machine-$$ 2>/dev/null
	word=$(verdict $status "$log")
	case $word in
	"ok, "* | "not possible here") ;;
	*)
		failed=1
		mkdir -p "$root/build/any-machine" && cp "$log" "$root/build/any-machine/$1.log" ;;
	esac
	printf '| %s | %s | %s | %d |\n' "$1" "$(text_of "$1")" "$word" \
		$((SECONDS - begun))
	[ -n "$KEEP" ] || rm -rf "$here"
}

if [ "$1" = --one ]; then
	run "$3"
	exit $failed
fi
echo "| machine | what it is | \`make $([ -n "$CHECK" ] && echo check || echo bench MODE=smoke)\` | s |"
echo "|---|---|---|---|"
[ $# != 0 ] || set -- $all
for name in "$@"; do
	${WRAP:-} timeout $case_s "$root/tests/long/any_machine.sh" --one \
		"$work" "$name" || failed=1
done
exit $failed
