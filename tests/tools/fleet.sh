# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# fleet.sh - for tests of campaigns on several machines: . tests/tools/fleet.sh
# Defines $dir, `campaign FOLDER [ARGUMENTS]` with settings in the environment, waits
# with a time limit, and the tests that Slurm and ssh share. fake_trial replaces the trials; each
# takes at least 20 ms.
build=$(realpath "${BUILD:-build/gcc}")
dir=$(mktemp -d -t readmostly-fleet.XXXXXX)
chmod 0755 "$dir" # munged requires that all users can access its socket
export POLL=0.3 RM_FLEET_PROGRAM=$build/readmostly RM_TRIAL_PROGRAM=$build/tests/fake_trial
export MODE=$PWD/tests/fixtures/fleet.conf SITE=$dir/site RM_FAKE='=wait:20'
printf '%s\n' 'prologue = :' >"$SITE"
echo "# as $(id -un)${RM_AS_ROOT:+, for a plain user is not to be had: $RM_AS_ROOT}"

start_or_skip() { # COMMAND WORDS: starts the service of the test, or skips the test
	"$1" start 2>"$dir/$1.out" && return
	[ $? = 77 ] || { cat "$dir/$1.out"; exit 1; }
	skip "$2" "$(cat "$dir/$1.out")"
	done_testing
	exit
}
campaign() { # FOLDER [ARGUMENTS of run]
	OUT=$dir/$1 runner/fleet/campaign.sh --busy-ok --counters none "${@:2}" >"$dir/$1.out" 2>&1
}
whole() { python3 tests/tools/fleet_complete.py "$dir/$1" "${@:2}"; } # FOLDER NODE...
valid() { # FOLDER NODE...
	local node
	for node in "${@:2}"; do "$build/readmostly" dev validate "$dir/$1/$node" >&2 || return 1; done
}
trials() { cat "$dir/$1/$2/trials.jsonl" 2>/dev/null | wc -l; } # FOLDER NODE
starts() { cat "$dir/$1"/state/*.starts | wc -l; } # FOLDER: of all its machines
state() { # FOLDER NODE: prints the state in fleet.json, read independently
	python3 -c 'import json, sys
print(*[m["state"] for m in json.load(open(sys.argv[1]))["machines"] if m["name"] == sys.argv[2]])' \
		"$dir/$1/fleet.json" "$2"
}
await_condition() { # CONDITION: waits for it; at most 100 s, because a program may hang
	local i
	for ((i = 0; i < 500; i++)); do
		eval "$1" && return
		sleep 0.2
	done
	echo "# gave up waiting: $1"
}
# If the site's prologue is `gates`, the trials of NODE wait at its gate until the test has finished
# its work. Otherwise the trials could end first, because the test's own commands make the machine
# busy.
gates() { echo "prologue = export RM_FAKE==gate:$dir/gate.\$node"; }
hold() { await_trials "$1" "$2" "$3"; : >"$dir/gate.$2"; } # FOLDER NODE TRIALS
# FOLDER TRIALS NODE...: at the same time, because a run continues until it reaches its gate.
hold_all() {
	local node pids=()
	for node in "${@:3}"; do hold "$1" "$node" "$2" & pids+=($!); done
	wait "${pids[@]}"
}
let_go() { rm -f "$dir"/gate.*; }
await_trials() { await_condition "[ \$(trials $1 $2) -ge $3 ]"; } # FOLDER NODE TRIALS

# Waits for the launcher of `campaign ... & launcher=$!` and returns its status. Later, another
# process may have the same id, so the launcher must not be killed after this.
await_launcher() {
	local rc
	wait "$launcher"
	rc=$?
	launcher=''
	return $rc
}
# Kills the launcher with SIGKILL: the script, and the function around it.
kill_launcher() {
	# shellcheck disable=SC2046 # numbers
	kill -KILL "$launcher" $(pgrep -P "$launcher")
	await_launcher 2>/dev/null
}

# Checks that the page of all machines reports NODE as WORD (missing, incomplete).
page_names() { # FOLDER NODE WORD
	"$(report/find_python.sh)" -m report compare "$dir/$1" >"$dir/page.out" 2>&1
	[ $? = 3 ] && grep -qF "$2 is $3: " "$dir/$1/report/index.html" || { sed 's/^/# /' "$dir/page.out"; return 1; }
}

# The end of each test of a failure. The same command, with all settings in the environment,
# completes the campaign.
completes() { # FOLDER NODE...
	RM_FAKE='=wait:20' campaign "$1"
	check "repeating the command completes the campaign" [ $? = 0 ]
	check "no trial is lost or duplicated" whole "$@"
	check "validate accepts the folders" valid "$@"
}

# Two launchers use the folder `a` at the same time. Then the command is repeated.
check_two_launchers() { # NODE...
	campaign a & launcher=$!
	OUT=$dir/a runner/fleet/campaign.sh --busy-ok --counters none >"$dir/second.out" 2>&1 & second=$!
	await_launcher
	check "a campaign on three machines ends with 0" [ $? = 0 ]
	launcher=$second second=''
	await_launcher
	check "a second launcher at the same time ends with 0" [ $? = 0 ]
	check "each machine has each trial once" whole a "$@"
	check "validate accepts the folders" valid a "$@"
	check "each machine was started once" [ "$(starts a)" = 3 ]
	campaign a
	check "repeating the command ends with 0 and starts nothing" [ "$? $(starts a)" = "0 3" ]
}
