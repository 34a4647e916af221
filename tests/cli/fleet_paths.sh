#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests `make campaign` by ssh into a folder whose name a shell would split into words. A fake ssh
# runs the commands on this machine, in a separate folder.
. tests/tools/tap.sh
. runner/fleet/status.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/ssh" <<END
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift 2; done
shift
cd '$dir' && exec sh -c "\$*"
END
mkdir -p "$dir/there/runner/fleet"
cat >"$dir/there/runner/fleet/start.sh" <<'END'
#!/bin/sh
echo "$1 $2" >>asked
echo 'ended 0 - x' >"$1/state/$2.status"
END
chmod +x "$dir/ssh" "$dir/there/runner/fleet/start.sh"
declare -A site=([ssh]=$dir/ssh)
refuse() { echo "$*" >&2; exit 2; }
. runner/fleet/ssh.sh
ssh_rsync() { cat >/dev/null; } # the sources are already present
MACHINES=$dir/machines MODE=smoke RUN=()
echo 'm1 host there' >"$MACHINES"

for name in plain 'two words' "a';b"; do
	OUT=$dir/$name
	mkdir -p "$OUT/state"
	echo 1 >"$OUT/state/number"
	check "$name: a start begins" [ "$(ssh_begin m1)" = session ]
	# The started process holds the lock until it ends.
	flock -w 60 "$dir/there/results/$name/state/m1.lock" true
	check "$name: the start runs in its folder" grep -qxF "results/$name m1" "$dir/there/asked"
	check "$name: the end of the start is detected" \
		[ "$(ssh_state m1)" = "ended no start is running" ]
done
echo 2 >"$OUT/state/number"
check "a remote folder of another campaign is reported" [ "$(ssh_begin m1 2>&1)" = \
	"results/$name belongs to another campaign, expected another OUT" ]
check "nothing else is created in the folder of another campaign" \
	[ "$(cd "$dir/there" && echo *)" = "asked results runner" ]

# Tests messages: the cause of a failure instead of the last line of output, and the verdict of a
# complete machine.
refused() { printf '%s\n' "$@" >"$OUT/state/m1.refused"; cause_of m1; }
check "a full disk is the cause, not rsync's last line" [ "$(refused 'rsync: write failed: No space left on device (28)' \
	'rsync error: error in file IO (code 11)')" = 'rsync: write failed: No space left on device (28)' ]
check "a missing program is named with its host" [ "$(refused 'bash: line 1: rsync: command not found' \
	'rsync error: unexplained error (code 127)')" = 'rsync is not installed on m1' ]
check "otherwise the last line is the cause" [ "$(refused one two)" = two ]
printf '%s\n' 'Trust: good for this machine.' 'start: again' 'Trust: do not use. 35 of 35 runs disturbed.' >"$OUT/state/m1.log"
check "the verdict of the last start is printed" [ "$(trust_of m1)" = '; trust: do not use (35 of 35 runs disturbed)' ]
echo 'start: again' >>"$OUT/state/m1.log"
check "a start without a verdict is not trusted" [ "$(trust_of m1)" = '; trust: unknown (Its log lacks a verdict)' ]
MAPS=stl_map runner/fleet/campaign.sh >"$dir/maps" 2>&1
check "MAPS is refused" [ "$? $(grep -c "^campaign: MAPS=stl_map: not for campaigns; expected ARGS=" "$dir/maps")" = "2 1" ]
check "--help prints the usage and starts no campaign" \
	grep -q '^  MACHINES=file' <(runner/fleet/campaign.sh --help)
if [ "$(nproc)" -gt 1 ]; then
	taskset -c "$(taskset -pc $$ | sed 's/.*: \([0-9]*\).*/\1/')" runner/fleet/start.sh "$dir/mask" m1 smoke >"$dir/mask.log" 2>&1
	check "a smaller CPU mask is refused in the status and in the log" \
		[ "$? $(cat "$dir/mask/state/m1.status" "$dir/mask.log" | grep -c 'partial = yes in a site file (SITE=FILE)')" = "2 2" ]
fi
done_testing
