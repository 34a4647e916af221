#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# as_plain_user.sh COMMAND... - if root calls it, runs COMMAND as a user who owns only a home
# folder. If another user calls it, COMMAND runs as that user. Exits with the status of COMMAND.
#
# The new user exists only in the /etc/passwd of a private mount namespace, so nothing changes on
# this computer. RM_SMALL is a file system of 8 MiB that COMMAND may fill. If root lacks the
# permissions for this, or other users cannot read the tree, COMMAND runs as root, and RM_AS_ROOT
# has the reason.
name=rmplain number=59731

inside() { # HOME COMMAND...: runs the command in the namespace, still as root
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
	# git reads trees of other users only if they are listed as safe.
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
