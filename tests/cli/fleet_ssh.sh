#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `make campaign MACHINES=file` over three sshd on this computer: nothing is lost
# or doubled, whatever ends. slow: over five seconds of CPU time; not part of
# `make check`.
. tests/tools/tap.sh
. tests/tools/fleet.sh
sshd() { tests/tools/sshd.sh "$1" "$dir/sshd" "${@:2}"; }
runner_of() { pgrep -f "^$build/readmostly run -o results/$1/$2 "; } # FOLDER NODE
there() { echo "$dir/there/$2/results/$1"; } # FOLDER NODE

trap 'kill $launcher $second 2>/dev/null; sshd stop; rm -rf "$dir"' EXIT
sshd start 2>"$dir/sshd.out" || {
	[ $? = 77 ] || { cat "$dir/sshd.out"; exit 1; }
	skip "campaigns by ssh" "$(cat "$dir/sshd.out")"
	done_testing
	exit
}
echo "ssh = ssh -F $dir/sshd/config" >>"$SITE"
mkdir "$dir/there"
for i in m1 m2 m3; do echo "$i $i $dir/there/$i # a machine"; done >"$dir/machines"
export MACHINES=$dir/machines

# Two launchers at once.
campaign a & launcher=$!
OUT=$dir/a runner/fleet/campaign.sh --busy-ok --counters none >"$dir/second.out" 2>&1 & second=$!
wait $launcher
check "a campaign on three machines ends with 0" [ $? = 0 ]
wait $second
check "so does a second launcher beside it" [ $? = 0 ]
check "each machine has each trial once" whole a m1 m2 m3
check "validate agrees" valid a m1 m2 m3
check "each machine was started once" [ "$(cat "$dir"/a/state/*.starts | wc -l)" = 3 ]
campaign a
check "the same line again ends with 0 and starts nothing" \
	[ "$? $(cat "$dir"/a/state/*.starts | wc -l)" = "0 3" ]

# A connection that is lost, a runner that is killed, the launcher by SIGKILL.
site=$(<"$SITE")
held() { # FOLDER NODE: once it has begun
	until_ "[ -s $(there $1 $2)/$2/trials.jsonl ]"
	: >"$dir/gate.$2"
}
gates >>"$SITE"
campaign b & launcher=$!
held b m1
held b m2
sshd cut m1
kill -KILL "$(runner_of b m2)"
until_ "says $dir/b.out 'm1: running: cannot be reached now' >/dev/null"
until_ "says $dir/b.out 'm2: ' >/dev/null"
# shellcheck disable=SC2046 # numbers: the launcher and the function around it
kill -KILL $launcher $(pgrep -P $launcher)
wait $launcher 2>/dev/null
check "without a connection the run goes on" [ -n "$(runner_of b m1)" ]
sshd join m1
echo "$site" >"$SITE"
campaign b & launcher=$!
until_ "says $dir/b.out 'm1: joined' >/dev/null"
let_go
wait $launcher
check "the same line again completes all" [ $? = 0 ]
check "one that ran was joined" says "$dir/b.out" "m1: joined"
check "nothing is lost or doubled" whole b m1 m2 m3
check "only the killed one was started twice" \
	[ "$(cat "$dir"/b/state/m[13].starts | wc -l) $(wc -l <"$dir/b/state/m2.starts")" = "2 2" ]

# A full disk, TERM, and a machine out of reach.
kib=$(($(stat -c %s "$dir/b/m1/campaign.json") / 1024 + 16))
printf '%s\n' "$(gates); [ \"\$node\" != m2 ] || ulimit -f $kib" "ssh = ssh -F $dir/sshd/config" >"$SITE"
sshd cut m3
campaign c & launcher=$!
held c m1
kill -TERM "$(runner_of c m1)"
let_go
wait $launcher
check "then the status is 1" [ $? = 1 ]
check "TERM is an interruption" says "$dir/c.out" "m1 is interrupted"
check "the full disk is named with file and reason" says "$dir/c.out" "trials.jsonl: cannot be written: File too large"
check "who cannot be reached is named" says "$dir/c.out" "m3 is missing"
check "fleet.json says so" [ "$(state c m1) $(state c m2) $(state c m3)" = "interrupted failed missing" ]
check "and calls nobody complete" whole c
sshd join m3
printf '%s\n' "ssh = ssh -F $dir/sshd/config" >"$SITE"
RM_FAKE='=wait:1' campaign c
check "the same line again completes all three" [ $? = 0 ]
check "and nothing is lost or doubled" whole c m1 m2 m3

echo "m1" >"$dir/wrong"
MACHINES=$dir/wrong campaign d
check "a list that is wrong is status 2" [ $? = 2 ]
check "with file and line" says "$dir/d.out" "wrong:1: expected NAME HOST [FOLDER], not 'm1'"
done_testing
