#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plain.sh COMMAND... - where root calls: COMMAND as a user who has nothing but a
# home; others have it as themselves. Ends with its status.
#
# That user stands in an /etc/passwd of a mount namespace of its own, and goes with
# it: nothing of this computer changes, nothing stays. RM_SMALL is a file system of
# 8 MiB that COMMAND may fill. Where root may not do that, or the tree is closed to
# others, COMMAND runs as root, and RM_AS_ROOT says why.
name=rmplain number=59731

inside() { # HOME COMMAND...: in the namespace, still root
	mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group &&
		mount -t tmpfs -o size=8m,mode=0700,uid=$number,gid=$number small "$1/small" || exit 77
	export HOME=$1 RM_SMALL=$1/small USER=$name LOGNAME=$name MPLCONFIGDIR=$1
	exec setpriv --reuid=$number --regid=$number --clear-groups --pdeathsig TERM "${@:2}"
}

make_home() {
	home=$(mktemp -d -t readmostly-plain.XXXXXX) && mkdir "$home/small" || exit
	cp /etc/passwd /etc/group "$home"
	echo "$name:*:$number:$number:a test:$home:/bin/bash" >>"$home/passwd"
	echo "$name:x:$number:" >>"$home/group"
	# git reads no tree of another user that is not named
	printf '[safe]\n\tdirectory = *\n' >"$home/.gitconfig"
	chown -R $number:$number "$home"
}

if [ "$1" = --inside ]; then inside "${@:2}"; fi
[ "$(id -u)" = 0 ] || exec "$@"
make_home
trap 'rm -rf "$home"' EXIT
if why=$(unshare -m -- "$0" --inside "$home" bash -c \
	'cd "$0" && cat README.md >/dev/null && [ "$(id -un)" = "$1" ]' "$PWD" $name 2>&1); then
	unshare -m -- "$0" --inside "$home" "$@"
else
	RM_AS_ROOT=$(tail -n 1 <<<"${why:-the tree is closed to others}") "$@"
fi
