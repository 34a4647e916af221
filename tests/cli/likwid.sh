#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests the program readmostly-likwid, a trial that uses it, and that no other program contains GPL
# code.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
needs plain/null_map readmostly-likwid tests/stub/liblikwid.so.5 tests/fake_msr.so
build=$PWD/${BUILD:-build/gcc}
case ${BUILD:-} in /*) build=$BUILD ;; esac
helper=$build/readmostly-likwid
stub=$build/tests/stub/liblikwid.so.5
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
run() { # STATUS ARGUMENTS...
	want=$1
	shift
	"$helper" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	[ $? = "$want" ]
}

output_matches() { grep -q -- "$1" "$dir/out"; }
error_matches() { grep -q -- "$1" "$dir/err"; }
output_lacks() { ! output_matches "$1"; }

check "--help prints the usage" run 0 --help
check "the usage lists the required option" output_matches "--socket=PATH"
check "without --socket the status is 64" run 64
check "the error names the missing option" error_matches "--socket is needed"
check "an unknown mode is status 64" run 64 -s x --mode fast

# A machine without an msr device.
mkdir "$dir/empty"
RM_SYSFS=$dir/empty
export RM_SYSFS
check "without a device the helper exits at once" \
	run 1 --socket "$dir/socket"
check "the helper prints the reason" output_matches "^refused no msr device |"
check "the helper prints the remedy" output_matches "| modprobe msr"
check "the helper leaves no socket" [ ! -e "$dir/socket" ]
mkdir -p "$dir/empty/dev/cpu/0"
: >"$dir/empty/dev/cpu/0/msr"
check "a writable device gives direct mode" \
	run 0 --socket "$dir/socket"
check "the helper prints the direct mode" output_matches "^ready direct"
rm "$dir/empty/dev/cpu/0/msr"
mkdir -p "$dir/empty/usr/sbin"
: >"$dir/empty/usr/sbin/likwid-accessD"
if mknod "$dir/node" c 202 4095 2>"$dir/err"; then # no driver has this CPU
	chmod 4755 "$dir/empty/usr/sbin/likwid-accessD"
	run 1 --socket "$dir/socket"
	check "a daemon needs the device, too" output_matches "^refused no msr device |"
	mv "$dir/node" "$dir/empty/dev/cpu/0/msr"
	run 0 --socket "$dir/socket"
	check "a daemon that is set-uid root gives daemon mode" output_matches "^ready daemon"
	chmod 755 "$dir/empty/usr/sbin/likwid-accessD"
	check "a daemon that is not set-uid does not help" run 1 --socket "$dir/socket"
	check "a device that cannot be opened is not writable" \
		output_matches "^refused the msr device is not writable"
else
	skip 'a daemon that is set-uid root gives daemon mode' 'needs root and CAP_MKNOD'
fi

# A stub of the library that counts through perf_event.
mkdir "$dir/arm"
RM_SYSFS=$dir/arm
user= # if the test runs as root, the helper runs as an unprivileged user
[ "$(id -u)" != 0 ] || user='setpriv --reuid=65534 --clear-groups'
by_perf() { # PARANOID STATUS
	mkdir -p "$dir/arm/proc/sys/kernel"
	echo "$1" >"$dir/arm/proc/sys/kernel/perf_event_paranoid"
	$user "$helper" --library "$stub" --socket "$(mktemp -u)" \
		>"$dir/out" 2>"$dir/err" </dev/null
	[ $? = "$2" ]
}
chmod 755 "$dir"
check "a library for perf_event needs neither a device nor the daemon" by_perf 0 0
check "such a library has its own mode" output_matches "^ready perf"
check "perf_event_paranoid 1 excludes unprivileged users" by_perf 1 1
check "the remedy for perf_event_paranoid is printed" \
	output_matches "| sysctl kernel.perf_event_paranoid=0"
chmod 700 "$dir"
unset RM_SYSFS
check "at the end of its input the helper exits and removes its socket" \
	[ ! -e "$dir/socket" ]

# Only the helper contains GPL code, and no program links liblikwid.
licences_are_right() {
	for file in runner/*.[ch] runner/*/*.[ch]; do
		case $file in *_helper.[ch]) want=GPL-3.0-or-later ;;
		*) want=Apache-2.0 ;; esac
		head -n 1 "$file" | grep -q "SPDX-License-Identifier: $want" ||
			{ echo "$file" >"$dir/err"; return 1; }
	done
}
check "helper files are GPL-3.0-or-later, all others Apache-2.0" licences_are_right
ldd "$build/readmostly" "$helper" >"$dir/out" 2>&1
check "no program is linked with liblikwid" output_lacks likwid.so

nm "$build/readmostly" >"$dir/out" 2>&1
check "readmostly contains no code of the helper" output_lacks rm_likwid_run_worker

# A complete trial, from the request through the helper and the library to the result.
cpu=$(taskset -pc $$ | sed 's/.*: *\([0-9]*\).*/\1/')
mkfifo "$dir/lifeline"
STUB_VALUE=plain ASAN_OPTIONS=detect_leaks=0 "$helper" --no-gate \
	--library "$stub" --socket "$dir/socket" \
	<"$dir/lifeline" >"$dir/ready" &
pid=$!
exec 9>"$dir/lifeline"
request() { # EVENTS
	cat <<END
{"protocol": 2, "seed": 1, "control_extra": 0.0,
 "cell": {"id": "x", "workload": "w", "map": "null_map", "shape": "u64x8",
  "keys": 1024, "write_share": 0.03, "miss_share": 0.0,
  "write_kind": "update", "dist": "uniform", "loop": "mix", "rate_per_s": 0,
  "arrivals": "poisson", "threads": 1, "placement": "cores",
  "memory": "first-touch", "cpus": [$cpu], "presize": false,
  "warm_up_ns": 1000000, "window_ns": 0, "window_ops": 100000,
  "deadline_ns": 60000000000, "verify_ops": 0, "measure": "counters"},
 "counters": {"backend": "likwid", "socket": "$dir/socket", "events": [$1]}}
END
}
until [ -s "$dir/ready" ] || ! kill -0 $pid; do :; done
request '{"metric": "cycles", "event": "E", "counter": "PMC0"},
	{"metric": "l1d_fill", "event": "F", "counter": "PMC1"}' |
	"$build/readmostly" dev trial >"$dir/out" 2>"$dir/err"
check "a trial counts through the helper" output_matches '"backend":"likwid"'
# The stub counts two empty intervals, then the window: n = 3 (tests/fixtures/stub_likwid.c).
check "the first event of the result has the count of the library" \
	output_matches '"metric":"cycles","event":"E","code":"likwid PMC0","per_thread":\[3000\],"total":3000'
check "the second event of the result has the count of the library" \
	output_matches '"code":"likwid PMC1","per_thread":\[6000\],"total":6000'
check "the result has the empty interval" \
	output_matches '"empty":\[{"metric":"cycles","total":2000}'
check "the result has the scope: a CPU, not a thread" \
	output_matches '"scope":"CPU, user mode, every process","background_threads":"counted on these CPUs"'
exec 9>&-
wait $pid
check "the helper exits with its campaign, with status 0" [ $? = 0 ]
request '{"metric": "cycles", "event": "E", "counter": "PMC0"}' |
	"$build/readmostly" dev trial >"$dir/out" 2>"$dir/err"
check "without the helper the counters are null" output_matches '"counters":null'
check "the result has the reason for which counters are null" \
	output_matches '"counters_reason":"likwid: no helper at'
check "without the helper the trial is void" \
	output_matches '"status":"void","reason":"likwid: no helper at'

done_testing
