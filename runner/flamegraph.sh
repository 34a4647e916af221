#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# flamegraph.sh MAP WORKLOAD [ARGUMENTS of plan] - `make flamegraph`: samples the stacks of one trial's window and draws
# BUILD/flamegraphs/MAP-WORKLOAD.svg, next to the folded stacks. Uses the first cell of the workload with the most
# threads that have a CPU each; ARGUMENTS narrow the cells. Maps in Go: Go's profiler. Maps in C and C++: perf, by L1d
# misses if a hardware counter exists, otherwise by the CPU clock; gperftools if the kernel forbids perf. Status: 0; 2
# usage or input; 3 no drawing.
. runner/programs.sh
export LC_ALL=C
HZ=999 # samples per second of a thread: not a multiple of the kernel's tick
STACK_BYTES=4096 # copied by perf per sample, to unwind later
fail() { # STATUS WORDS...
	local status=$1; shift
	echo "flamegraph: $*" >&2
	exit "$status"
}
usage() {
	fail 2 "$1. Usage: make flamegraph MAP=gomap_rw WORKLOAD=uniform-97-3 [ARGS='--set keys=1Mi --set threads=2']"
}

map=$1 workload=$2 name=$(basename "$2" .conf)
shift 2
[ -n "$map" ] || usage "MAP is missing, expected a map (list: $build/readmostly dev list)"
file=workloads/$name.conf
[ ! -f "$workload" ] || file=$workload
[ -n "$workload" ] && [ -f "$file" ] ||
	usage "WORKLOAD=$workload: expected a file or one of $(cd workloads && echo *.conf | sed 's/\.conf//g')"
case $map in
*[!a-z0-9_-]*) usage "MAP=$map: expected one map" ;;
java_* | rust_*) fail 2 "MAP=$map: expected a map in C, C++ or Go: stacks of other programs do not show the window" ;;
esac
.ci/deps build flamegraph || exit
draw=/usr/share/perl5/Devel/NYTProf/flamegraph.pl
[ -x "$draw" ] || draw=$(command -v flamegraph.pl) ||
	fail 3 "no flamegraph.pl: expected it in PATH or in $draw. Install the package libdevel-nytprof-perl"
find_python || exit 3
dir=$(mktemp -d) || exit 3
trap 'rm -rf "$dir"' EXIT
report() { "$python" -m report.flamegraph "$@"; }
unreadable() { fail 3 "the samples cannot be read: $(tail -n 1 "$dir/err")"; }

needs_of "$file" --set maps="$map" "$@"
needs=$(grep -E '^(plain|placed.*|x[0-9]+)/' <<<"$needs") ||
	fail 2 "MAP=$map: nothing to build: $("$build/readmostly" dev list | grep "^$map ")"
build_needed
plan() { "$build/readmostly" plan --requests "$file" --set maps="$map" "$@" >"$dir/requests"; }
# Sets a longer window, unless the window is counted.
plan --set window=5s "$@" 2>/dev/null || plan "$@" || exit
report choose "$(nproc)" <"$dir/requests" >"$dir/request" || exit

trial() { # COMMAND...: runs the trial under this command
	echo "sampling a trial of $map by $sampler"
	"$@" "$build/readmostly" dev trial <"$dir/request" >"$dir/result" 2>"$dir/err" ||
		fail 3 "the trial failed: $(tail -n 1 "$dir/err")"
	! grep -q '"status": *"failed"' "$dir/result" ||
		fail 3 "the trial failed: $(grep -o '"reason": *"[^"]*"' "$dir/result" | head -n 1)"
}
can_sample() { why=$(perf record -q -e "$1" -o "$dir/try" true 2>&1); } # EVENT
by_perf() { # EVENT WORDS
	event=$2 sampler="perf, $HZ samples/s of each thread"
	perf evlist -i "$dir/try" | grep -q ':[a-z]*u' && sampler="$sampler, user space only"
	trial perf record -q -e "$1" -F $HZ --call-graph dwarf,$STACK_BYTES -o "$dir/perf.data" --
	folder=perf
	perf script -F ip,sym -i "$dir/perf.data" >"$dir/samples" 2>"$dir/err" || unreadable
	sampler+=$(grep -o ' lost [0-9]* chunks' "$dir/err")
}
by_gperftools() {
	[ -z "$(LD_PRELOAD=libprofiler.so.0 env true 2>&1)" ] && command -v google-pprof >/dev/null ||
		fail 3 "neither perf (${why##*$'\n'}) nor gperftools samples here: install google-perftools," \
			"or run: sudo sysctl kernel.perf_event_paranoid=2"
	event="CPU clock" sampler="gperftools, $HZ samples/s of the process"
	trial env LD_PRELOAD=libprofiler.so.0 CPUPROFILE="$dir/profile" CPUPROFILE_FREQUENCY=$HZ
	local profile program
	# The second process with a profile is readmostly, which waits.
	profile=$(grep -la "/maps/[^ /]*/$map\$" "$dir"/profile*)
	program=$(grep -ao "/[^ ]*/maps/[^ /]*/$map" "$profile" | head -n 1)
	folder=gperftools
	google-pprof --collapsed "$program" "$profile" >"$dir/samples" 2>"$dir/err" || unreadable
}
by_go() {
	event="CPU clock" sampler="Go's runtime/pprof, 100 samples/s of each thread"
	trial env READMOSTLY_GO_PROFILE="$dir/profile"
	local go
	# A classic Go includes pprof; newer versions compile it first.
	go=$(.ci/tool go-classic || .ci/tool go) ||
		fail 3 "no Go 1.19 or newer, which reads the profile: install golang-go"
	folder=go
	GOROOT='' GOTOOLCHAIN=local GOPROXY=off GOCACHE=$PWD/build/go-cache "${go% *}" tool pprof -sample_index=samples -traces "$dir/profile" \
		>"$dir/samples" 2>"$dir/err" || unreadable
}
misses="not sampled: L1d misses, "
case $map in
go_*) by_go; misses+="which Go's profiler does not count" ;;
*)
	if can_sample l1d.replacement; then
		by_perf l1d.replacement "L1d lines replaced"
	elif can_sample L1-dcache-load-misses; then
		by_perf L1-dcache-load-misses "L1d load misses"
	elif misses+="for which perf has no counter here"; can_sample cpu-clock; then
		by_perf cpu-clock "CPU clock"
	else
		by_gperftools
	fi
	[ "$event" = "CPU clock" ] || misses=
	;;
esac
report fold "$folder" <"$dir/samples" >"$dir/folded" || exit

version=$("$build/readmostly" --version | paste -sd';' | sed 's/;/; /')
model=$("$build/readmostly" env machine --json | "$python" -c \
	'import json, sys; m = json.load(sys.stdin); print(m["facts"].get("cpu_name", {}).get("text"), "machine", m["id"])')
out=$build/flamegraphs/$map-$name
mkdir -p "$build/flamegraphs" && cp "$dir/folded" "$out.folded" || exit 3
"$draw" --hash --encoding UTF-8 --fonttype 'Verdana, sans-serif' --title "$map, $name: $event" "$dir/folded" >"$dir/svg" &&
	report caption "$dir/request" "$dir/result" "$dir/folded" \
		"event: $event, by $sampler" ${misses:+"$misses"} \
		"${model:-machine unknown}, $(uname -sr); $version" <"$dir/svg" >"$out.svg" || exit 3
report shares <"$dir/folded"
echo "flame graph: $out.svg"
