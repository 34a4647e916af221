#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/tools/plain.sh: root's tests run as a user who is made for them, and
# nothing of that stays; where this cannot be, they are told why.
. tests/tools/tap.sh
plain=tests/tools/plain.sh
if [ "$(id -u)" != 0 ]; then
	check "who is no root runs as itself" [ "$($plain id -u)" = "$(id -u)" ]
	skip "a user that is made" "only root makes one"
	done_testing
	exit
fi
dir=$(mktemp -d) && chmod 0755 "$dir"
trap 'rm -rf "$dir"' EXIT
export TMPDIR=$dir

# A root that may not do it: in a container, say.
mkdir "$dir/bin"
printf '%s\n' '#!/bin/sh' 'echo "unshare failed: Operation not permitted" >&2; exit 1' >"$dir/bin/unshare"
chmod +x "$dir/bin/unshare"
check "without a namespace it is root, who is told why" \
	[ "$(PATH=$dir/bin:$PATH $plain sh -c 'echo "$(id -u) $RM_AS_ROOT"')" = "0 unshare failed: Operation not permitted" ]

if [ -n "$($plain sh -c 'echo "$RM_AS_ROOT"')" ]; then
	skip "a user that is made" "$($plain sh -c 'echo "$RM_AS_ROOT"')"
	done_testing
	exit
fi
before=$(cksum /etc/passwd /etc/group)
check "root's command runs as another user, who has a name" [ "$($plain id -un)" = rmplain ]
check "and a home" $plain sh -c 'touch "$HOME/x" && cd && [ -e x ]'
check "which git lets read this tree" $plain git rev-parse --is-inside-work-tree
check "it cannot write here" [ "$($plain sh -c 'touch README.md 2>/dev/null || echo no')" = no ]
check "it has a file system that is full after 8 MiB" \
	[ "$($plain sh -c 'cat /dev/zero 2>/dev/null >"$RM_SMALL/x"; stat -c %s "$RM_SMALL/x"')" = 8388608 ]
$plain sh -c 'exit 7'
check "its status is the command's" [ $? = 7 ]
check "/etc is as it was" [ "$(cksum /etc/passwd /etc/group)" = "$before" ]
check "and nothing stays" [ "$(ls "$dir")" = bin ]
done_testing
