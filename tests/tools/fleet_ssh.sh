# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# fleet_ssh.sh - for tests of campaigns with ssh, after tests/tools/fleet.sh: starts
# three sshd, m1, m2, m3, that end with the test, or skips the test.
sshd() { tests/tools/sshd.sh "$1" "$dir/sshd" "${@:2}"; }
runner_of() { # FOLDER NODE: prints the process id of this test's runner, and ignores other tests
	local pid
	for pid in $(pgrep -f "^$build/readmostly run -o results/$1/$2 "); do
		[ "$(readlink "/proc/$pid/cwd")" != "$dir/there/$2" ] || echo "$pid"
	done
}
# Stops a run at its first trial, because it could finish too early on an idle machine.
pause_runner() { # FOLDER NODE
	await_runner "$1" "$2"
	kill -STOP "$(runner_of "$1" "$2")"
}
there() { echo "$dir/there/$2/results/$1"; } # FOLDER NODE
await_runner() { await_condition "[ -s $(there "$1" "$2")/$2/trials.jsonl ]"; } # FOLDER NODE

trap 'kill $launcher $second 2>/dev/null; sshd stop; rm -rf "$dir"' EXIT
start_or_skip sshd "campaigns by ssh"
echo "ssh = ssh -F $dir/sshd/config" >"$SITE"
mkdir "$dir/there"
for i in m1 m2 m3; do echo "$i $i $dir/there/$i # a machine"; done >"$dir/machines"
export MACHINES=$dir/machines
