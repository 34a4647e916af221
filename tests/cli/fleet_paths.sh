#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `make campaign` by ssh into a folder whose name a shell would split. A fake ssh runs the commands
# here, in a separate folder.
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
ssh_rsync() { cat >/dev/null; } # sources are already present
MACHINES=$dir/machines MODE=smoke RUN=()
echo 'm1 host there' >"$MACHINES"

for name in plain 'two words' "a';b"; do
	OUT=$dir/$name
	mkdir -p "$OUT/state"
	echo 1 >"$OUT/state/number"
	check "$name: a start begins" [ "$(ssh_begin m1)" = session ]
	# The start holds the lock until it ends.
	flock -w 60 "$dir/there/results/$name/state/m1.lock" true
	check "$name: it runs in its folder" grep -qxF "results/$name m1" "$dir/there/asked"
	check "$name: its end is detected" [ "$(ssh_state m1)" = "ended no start is running" ]
done
echo 2 >"$OUT/state/number"
check "a remote folder of another campaign is reported" [ "$(ssh_begin m1 2>&1)" = \
	"results/$name belongs to another campaign, expected another OUT" ]
check "nothing else is created in it" [ "$(cd "$dir/there" && echo *)" = "asked results runner" ]
done_testing
