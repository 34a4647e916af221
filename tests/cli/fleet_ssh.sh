#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests `make campaign MACHINES=file` with three sshd on this computer. No trial is lost or
# duplicated, whichever process ends.
# slow: over five seconds of CPU time; not part of `make check`.
[ "$(id -u)" != 0 ] || [ -n "${RM_AS_ROOT+set}" ] || exec tests/tools/as_plain_user.sh "$0"
. tests/tools/tap.sh
. tests/tools/fleet.sh
. tests/tools/fleet_ssh.sh

check_two_launchers m1 m2 m3

# Cuts a connection, kills a runner, and kills the launcher with SIGKILL.
site=$(<"$SITE")
hold_machine() { await_runner "$1" "$2"; : >"$dir/gate.$2"; } # FOLDER NODE
gates >>"$SITE"
campaign b & launcher=$!
hold_machine b m1
hold_machine b m2
sshd cut m1
kill -KILL "$(runner_of b m2)"
await_condition "contains $dir/b.out 'm1: running: cannot be reached' >/dev/null"
await_condition "contains $dir/b.out 'm2: ' >/dev/null"
kill_launcher
check "the run continues without a connection" [ -n "$(runner_of b m1)" ]
sshd join m1
echo "$site" >"$SITE"
campaign b & launcher=$!
await_condition "contains $dir/b.out 'm1: joined' >/dev/null"
let_go
await_launcher
check "the same command completes all machines" [ $? = 0 ]
check "the start that was still running was joined" contains "$dir/b.out" "m1: joined"
check "no trial is lost or duplicated" whole b m1 m2 m3
check "only the killed start was started twice" \
	[ "$(cat "$dir"/b/state/m[13].starts | wc -l) $(wc -l <"$dir/b/state/m2.starts")" = "2 2" ]

# A full disk, a process ended by SIGTERM, and an unreachable machine.
kib=$(($(stat -c %s "$dir/b/m1/campaign.json") / 1024 + 16))
printf '%s\n' "$(gates); [ \"\$node\" != m2 ] || ulimit -f $kib" "ssh = ssh -F $dir/sshd/config" >"$SITE"
sshd cut m3
campaign c & launcher=$!
hold_machine c m1
kill -TERM "$(runner_of c m1)"
let_go
await_launcher
check "the status is 1" [ $? = 1 ]
check "TERM is reported as an interruption" contains "$dir/c.out" "m1 is interrupted"
check "the full disk is reported with file and reason" contains "$dir/c.out" "trials.jsonl: cannot be written: File too large"
check "the unreachable machine is reported" contains "$dir/c.out" "m3 is missing"
check "fleet.json has the same states" [ "$(state c m1) $(state c m2) $(state c m3)" = "interrupted failed missing" ]
check "no machine is complete" whole c
check "the page names the unreachable machine" page_names c m3 missing
sshd join m3
printf '%s\n' "ssh = ssh -F $dir/sshd/config" >"$SITE"
completes c m1 m2 m3

# If results cannot be fetched, the launcher reports even successful runs as missing.
printf '%s\n' '#!/bin/sh' "case \$* in *rsync*--sender*) [ ! -e '$dir/no-fetch' ] || exit 255 ;; esac" \
	"exec ssh -F '$dir/sshd/config' \"\$@\"" >"$dir/ssh"
chmod +x "$dir/ssh"
echo "ssh = $dir/ssh" >"$SITE"
touch "$dir/no-fetch"
RM_FAKE='=wait:20' campaign g
check "results that cannot be fetched make the status 1" [ $? = 1 ]
check "the launcher names results that could not be fetched" \
	contains "$dir/g.out" "m2 is missing: its results could not be fetched"
rm "$dir/no-fetch"
completes g m1 m2 m3
echo "ssh = ssh -F $dir/sshd/config" >"$SITE"

# A campaign of another local folder with the same name used the remote folder.
mkdir "$dir/other"
campaign other/b --set blocks=3
check "a remote folder of another campaign makes the status 1" [ $? = 1 ]
check "the remote folder of another campaign is reported" \
	contains "$dir/other/b.out" "results/b belongs to another campaign"
check "the results of the other campaign are not fetched" [ ! -e "$dir/other/b/m1" ]

# Scripts are overwritten with `exit 2` while they run. A process must use the text that it read at
# its start. The launcher and the start on m2 use the same tree.
(cd "$dir/there/m2" && OUT=$dir/e RM_FAKE='=wait:50' runner/fleet/campaign.sh --busy-ok --counters none) >"$dir/e.out" 2>&1 & launcher=$!
await_runner e m2
for file in campaign start; do
	yes 'exit 2' | head -n 3000 1<>"$dir/there/m2/runner/fleet/$file.sh"
done
await_launcher
check "a campaign whose scripts are edited ends with 0" [ $? = 0 ]
check "this campaign is complete" whole e m1 m2 m3

echo "m1" >"$dir/wrong"
MACHINES=$dir/wrong campaign d
check "a wrong list is status 2" [ $? = 2 ]
check "the error has file and line" \
	contains "$dir/d.out" "wrong:1: expected NAME HOST [FOLDER], not 'm1'"
done_testing
