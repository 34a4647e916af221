#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests `readmostly env counters`: its output, the usable back ends, and the reasons why others are
# not usable.
. tests/tools/tap.sh
needs readmostly-likwid tests/stub/liblikwid.so.5
grep -q '^[^#]' runner/counters/events.tsv ||
	{ echo '1..0 # SKIP the table of events has no line'; exit 0; }
build=$PWD/${BUILD:-build/gcc}
case ${BUILD:-} in /*) build=$BUILD ;; esac
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
run() { # STATUS ARGUMENTS...: stores the output, compares the exit status
	want=$1
	shift
	"$build/readmostly" env counters "$@" >"$dir/out" 2>"$dir/err"
	[ $? = "$want" ]
}

output_matches() { grep -q -- "$1" "$dir/out"; }
error_matches() { grep -q -- "$1" "$dir/err"; }
lacks_text() { ! grep -q -- "$1" "$2"; }

# A simulated Zen 3 with one CPU and 32 KiB of L1d, and a library that returns the expected counts
# of the test kernels.
cpu=$(taskset -pc $$ | sed 's/.*: *\([0-9]*\).*/\1/')
root=$dir/root cache=$dir/root/sys/devices/system/cpu/cpu$cpu/cache/index0
mkdir -p "$root/proc" "$cache"
printf 'processor\t: %s\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\n' \
	"$cpu" >"$root/proc/cpuinfo"
echo 1 >"$cache/level"
echo Data >"$cache/type"
echo 32K >"$cache/size"
cat >"$dir/helper" <<END
#!/bin/sh
ASAN_OPTIONS=detect_leaks=0 exec "$build/readmostly-likwid" --no-gate \
	--library "$build/tests/stub/liblikwid.so.5" "\$@"
END
chmod +x "$dir/helper"
run_on_fake_cpu() { # STATUS ARGUMENTS...
	RM_SYSFS=$root RM_LIKWID_HELPER=$dir/helper
	export RM_SYSFS RM_LIKWID_HELPER
	want=$1
	shift
	taskset -c "$cpu" "$build/readmostly" env counters "$@" \
		>"$dir/out" 2>"$dir/err"
	status=$?
	unset RM_SYSFS RM_LIKWID_HELPER
	[ $status = "$want" ]
}

check "status 0 whether counters work or not" run 0
check "the output lists likwid" output_matches "^  likwid"
check "the output lists perf" output_matches "^  perf"
check "the output has the back end that auto uses" output_matches "^auto uses: "

survey_is_complete() { # true if each unusable back end has a reason, also in the JSON
	/usr/bin/env python3 - "$dir/out" <<'END'
import json, sys
survey = json.load(open(sys.argv[1]))
assert [b["backend"] for b in survey["backends"]] == ["likwid", "perf"]
for b in survey["backends"]:
    assert b["status"] in ("proved", "not usable"), b
    assert b["status"] == "proved" or b["reason"], b
proved = [b["backend"] for b in survey["backends"] if b["status"] == "proved"]
assert survey["auto"] == (proved + ["none"])[0]
END
}
run 0 --json
check "--json is one object; an unusable back end has a reason" survey_is_complete

mkdir "$dir/elsewhere"
cp "$build/readmostly" "$build/readmostly-likwid" "$dir/elsewhere"
run_copy() { (cd / && "$dir/elsewhere/readmostly" env counters >"$dir/out" 2>"$dir/err"); }
check "a copy in another folder works" run_copy
check "the copy finds its events and its helper" \
	lacks_text "no program readmostly-likwid" "$dir/out"

check "an unknown metric is status 2" run 2 --metrics l1d_fil
check "the error names the unknown metric" error_matches 'no metric "l1d_fil"'
check "an extra argument is status 2" run 2 extra

four=cycles,instructions,dc_load,l1d_fill_demand
check "fake CPU: a recording that cannot be written is status 3" \
	run_on_fake_cpu 3 --metrics $four --record "$dir/none/recording"
check "the table is printed even if the recording is not written" \
	output_matches "^auto uses: likwid"
check "fake CPU: status 0" run_on_fake_cpu 0 --metrics $four --record "$dir/recording"
check "fake CPU: likwid is verified" output_matches "likwid  *works: checked on loops with known counts"
check "fake CPU: each verified metric shows its expected range" \
	output_matches "l1d_fill_demand  four  *0.97  0.5..2  *proved"
check "fake CPU: auto chooses likwid" output_matches "^auto uses: likwid"
check "fake CPU: the table names the source of the facts" output_matches "RM_SYSFS is set"
# On a machine with a PMU, the perf back end prints further lines.
grep '"backend":"likwid"' "$dir/recording" >"$dir/likwid"
check "the recording has a line for each kernel and event" \
	[ "$(wc -l <"$dir/likwid")" = 12 ]
check "no line of the recording claims to be from hardware" lacks_text '"hardware"' "$dir/recording"
check "the recording equals the fixture replayed by tests" \
	cmp -s "$dir/likwid" tests/fixtures/counters.jsonl

# In a virtual machine, counters can be opened but stay at 0. On a machine with a PMU, the perf back
# end may also be verified and recorded.
echo kept >"$dir/dead"
STUB_VALUE=zero
export STUB_VALUE
run_on_fake_cpu 0 --metrics $four --record "$dir/dead"
unset STUB_VALUE
recording_is_kept() { grep -qx kept "$dir/dead" || output_matches "^  perf  *works"; }
check "counters that stay at 0 are unusable" output_matches "^  likwid  *does not work here"
check "counters that stay at 0 do not replace an earlier recording" recording_is_kept
check "counters that stay at 0 are not recorded" lacks_text '"likwid"' "$dir/dead"

# A CPU that is missing from the tables.
mkdir -p "$dir/strange/proc" "$dir/strange/${cache#$root/}"
printf 'processor\t: %s\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 250\n' \
	"$cpu" >"$dir/strange/proc/cpuinfo"
cp "$cache"/* "$dir/strange/${cache#$root/}"
root=$dir/strange
check "an unknown CPU is not an error" run_on_fake_cpu 0
check "a note explains that the unknown CPU uses the kernel's generic events" \
	output_matches "note: .*GenuineIntel 6/250 is not in cpus.tsv: the kernel's generic events are counted"
RM_SYSFS=$root taskset -c "$cpu" "$build/readmostly" env doctor >"$dir/out" 2>&1
check "doctor prints the same note" \
	output_matches "^note *event map *GenuineIntel 6/250 is not in the table of CPUs"
sed -i 's/250$/207/' "$root/proc/cpuinfo"
RM_SYSFS=$root taskset -c "$cpu" "$build/readmostly" env counters >"$dir/out" 2>&1
check "the first remedy of a new CPU is the release of liblikwid that supports it" \
	output_matches "remedy: *install liblikwid 5.4 or newer for this CPU; modprobe msr"

mkdir "$dir/nothing"
RM_SYSFS=$dir/nothing
export RM_SYSFS
check "without /proc/cpuinfo the reason is printed, and the status is 3 because no file was written" \
	run 3 --record "$dir/none"
unset RM_SYSFS
check "without counts no recording is written" [ ! -e "$dir/none" ]
echo kept >"$dir/earlier"
run 3 --record "$dir/earlier"
check "without counts an earlier recording stays" [ "$(cat "$dir/earlier")" = kept ]

done_testing
