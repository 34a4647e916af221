#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sshd.sh start|stop DIR, cut|join DIR NODE - three sshd on 127.0.0.1 for tests: m1, m2,
# m3, each with its own port and configuration, for the calling user.
#
# `ssh -F DIR/config m1` connects. cut: ends connections and refuses new ones, but
# processes on the node continue. Exits with 77 if a program is missing.
PATH=$PATH:/usr/sbin:/sbin
die() { echo "sshd.sh: $*" >&2; exit 1; }

join_node() { # NODE
	setsid "$(command -v sshd)" -D -e -f "$DIR/$1.conf" >>"$DIR/$1.log" 2>&1 </dev/null 3>&- 8>&- 9>&- &
	echo $! >"$DIR/$1.pid"
	disown
}
# Prints the processes of the daemon and its connections, which are its children and grandchildren.
cut_node() { # NODE
	local pid children
	pid=$(<"$DIR/$1.pid")
	children=$(pgrep -P "$pid" | tr '\n' ,)
	# shellcheck disable=SC2046 # numbers
	kill -KILL "$pid" $(pgrep -x sshd -P "${children:-$pid}") ${children//,/ } 2>/dev/null
	rm -f "$DIR/$1.pid"
}
reachable() { ssh -F "$DIR/config" -o BatchMode=yes "$1" true 2>/dev/null; }

start() {
	# Below the ports of outgoing connections, which begin at 32768.
	local i port=$((12000 + $$ % 8000))
	for i in sshd ssh ssh-keygen rsync flock; do
		command -v $i >/dev/null || { echo "sshd.sh: no $i" >&2; exit 77; }
	done
	mkdir -p "$DIR"
	[ "$(id -u)" != 0 ] || mkdir -p /run/sshd # required by sshd if root starts it
	ssh-keygen -q -t ed25519 -N '' -f "$DIR/key" && cp "$DIR/key.pub" "$DIR/authorized"
	for i in m1 m2 m3; do
		port=$((port + 1))
		ssh-keygen -q -t ed25519 -N '' -f "$DIR/$i.key"
		printf '%s\n' "ListenAddress 127.0.0.1:$port" "HostKey $DIR/$i.key" "PidFile none" \
			"AuthorizedKeysFile $DIR/authorized" "StrictModes no" "UsePAM no" \
			"PasswordAuthentication no" "PermitRootLogin prohibit-password" >"$DIR/$i.conf"
		printf '%s\n' "Host $i" " HostName 127.0.0.1" " Port $port" " IdentityFile $DIR/key" \
			" IdentitiesOnly yes" " UserKnownHostsFile $DIR/known" " StrictHostKeyChecking accept-new" >>"$DIR/config"
		join_node $i
	done
	for i in m1 m2 m3; do
		for _ in $(seq 100); do reachable $i && continue 2; sleep 0.1; done
		die "$i does not come up, see $DIR/$i.log"
	done
}

[ $# -ge 2 ] || die "expected start|stop DIR or cut|join DIR NODE"
mkdir -p "$2"
DIR=$(cd "$2" && pwd -P)
case $1 in
start) start ;;
stop) for file in "$DIR"/*.pid; do [ ! -e "$file" ] || cut_node "$(basename "$file" .pid)"; done ;;
cut) cut_node "$3" ;;
join) join_node "$3" ;;
*) die "unknown verb $1" ;;
esac
