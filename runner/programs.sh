# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# programs.sh - for bench.sh, answer.sh, flamegraph.sh, reviewer.sh and fleet/start.sh: cleans the environment, builds
# the map programs of a plan ($needs: FLAVOUR/ID) and measures.
. runner/base/environment.sh
build=${BUILD:-build/gcc} jobs=-j$(nproc)

quiet() { make --no-print-directory "$jobs" CC="${CC:-gcc}" BUILD="$build" "$@"; }
needed() { sed -n "s|^$1/||p" <<<"$needs" | sort -u | tr '\n' ' '; } # FLAVOUR: ids
# get_packages: installs and unpacks missing packages (.ci/packages).
get_packages() {
	.ci/deps build || exit
	[ -n "$BENCH_DRY" ] || .ci/unpack build
}
# go_open: prints in one line which maps are not compared because a Go compiler is missing.
go_open() {
	local newest classic
	classic=$(impls/go/find_go.sh classic)
	if ! newest=$(impls/go/find_go.sh newest); then
		echo "no Go compiler is here (make deps): Go's sync.Map and its map with an RWMutex are not compared"
	elif [ "$newest" = "$classic" ]; then
		echo "the newest Go here is ${newest#* } (make deps): the maps of Go 1.24 and newer are not compared"
	elif [ -z "$classic" ]; then
		echo "no Go from 1.19 to 1.23 is here (make deps): the classic sync.Map and map are not compared"
	fi
}
# needs_of [ARGUMENTS of run]: sets $needs to the programs of that run. An error names $chosen, the variables of make,
# instead of the options.
needs_of() {
	mkdir -p "$build"
	if ! quiet "$build/readmostly" >"$build/readmostly.log" 2>&1; then
		tail -n 20 "$build/readmostly.log" >&2
		echo "build failed: see $build/readmostly.log" >&2
		exit 2
	fi
	needs=$("$build/readmostly" run "$@" --needs 2>"$build/needs.log")
	local status=$? error
	error=$(<"$build/needs.log") error=${error/run: --touched:/"$chosen:"}
	[ -z "$error" ] || echo "${error/run: --maps:/"$chosen:"}" >&2
	[ $status = 0 ] || exit $status
}
# build_needed: writes the compiler's output to a log, and prints its end if the build fails.
build_needed() {
	local log=$build/bench.log began
	began=$(uptime_s)
	echo "building $(needed plain | wc -w) maps (log: $log)"
	if ! quiet NEEDED="${needs//$'\n'/ }" programs >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		echo "build failed: see $log" >&2
		exit 2
	fi
	echo "built in $(($(uptime_s) - began)) s"
}
# measure COMMAND...: runs it and sets $ran to its status and $campaign to the folder that it prints first;
# results/latest may belong to another campaign. Exits if nothing was started.
measure() {
	said=$(mktemp) || exit 3
	trap 'rm -f "$said"' EXIT
	# -i: ignore interrupts, since the campaign still prints after one.
	"$@" | tee -i "$said"
	ran=${PIPESTATUS[0]}
	campaign=$(sed -n 's/^campaign: //p; s/^resuming //p' "$said" | head -n 1)
	[ $ran = 2 ] && exit 2
	[ -n "$campaign" ] || exit "$ran"
}
