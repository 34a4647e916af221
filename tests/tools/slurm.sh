#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# slurm.sh start|stop DIR, kill-node|kill-daemon|add-node DIR NODE - a Slurm cluster on
# 127.0.0.1 for tests: munged, slurmctld and slurmd of n1, n2, n3, from Debian's packages
# munge, slurmctld, slurmd, slurm-client; needs neither root nor systemd.
#
# Clients need SLURM_CONF=DIR/slurm.conf. `start` exits with 77 if a program is missing.
# kill-node: a machine is lost (its daemon and jobs get SIGKILL); kill-daemon: its jobs
# continue. Everything is ended by process id; DIR/log stays.
# The nodes share this computer's CPUs: for tests of launchers, not for measurements.
# SLURM_TEST_EXTRA adds lines to slurm.conf, in which the last value counts.
PATH=$PATH:/usr/sbin:/sbin
die() { echo "slurm.sh: $*" >&2; exit 1; }

# A zombie is treated as dead, because the init process of a container may reap it late.
alive() { # PIDFILE
	local stat
	[ -s "$1" ] && stat=$(ps -o stat= -p "$(<"$1")") && [ "${stat:0:1}" != Z ]
}
within() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	until "${@:2}" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}
all_idle() { [ "$(scontrol -o show nodes | grep -cE ' State=IDLE ')" = 3 ]; }
no_jobs() { [ -z "$(squeue -h)" ]; }
gone() { ! alive "$1"; }

# Runs a command in the foreground of a separate process, so that its id is known. The process
# inherits no descriptor of the test, because the test would otherwise wait for it.
daemon() { # NAME COMMAND...
	setsid "${@:2}" >>"$DIR/log/$1" 2>&1 </dev/null 3>&- 8>&- 9>&- &
	echo $! >"$DIR/run/$1.pid"
	disown
}
add_node() { mkdir -p "$DIR/spool/$1" && daemon "slurmd.$1" slurmd -D -f "$SLURM_CONF" -N "$1"; }

# Kills the processes of this cluster's jobs and their slurmstepd. They are found by the variables
# that Slurm sets in their environment.
kill_jobs() { # NODE, or a pattern
	local file pid parent
	for file in $(grep -lazx "SLURM_CONF=$SLURM_CONF" /proc/[0-9]*/environ 2>/dev/null |
		xargs -r grep -lazx "SLURMD_NODENAME=$1" 2>/dev/null); do
		pid=$(basename "${file%/environ}")
		parent=$(ps -o ppid= -p "$pid" | tr -d ' ')
		[ "$(ps -o comm= -p "${parent:-0}" 2>/dev/null)" != slurmstepd ] || kill -KILL "$parent"
		kill -KILL "$pid" 2>/dev/null
	done
}

write_conf() { # PORT
	local i host feature
	host=$(hostname -s)
	cat <<-END
		ClusterName=readmostly-test
		SlurmctldHost=$host(127.0.0.1)
		SlurmctldPort=$1
		CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
		SlurmUser=$(id -un)
		SlurmdUser=$(id -un)
		AuthInfo=socket=$DIR/run/munge.socket
		StateSaveLocation=$DIR/state
		SlurmdSpoolDir=$DIR/spool/%n
		SlurmctldPidFile=$DIR/run/slurmctld.self
		SlurmdPidFile=$DIR/run/%n.self
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		ReturnToService=2
		SlurmdTimeout=10
		MinJobAge=3600
		SchedulerParameters=bf_interval=2,sched_interval=2,batch_sched_delay=0
		SelectType=select/cons_tres
		SelectTypeParameters=CR_Core
		SlurmdParameters=config_overrides
		${SLURM_TEST_EXTRA:-}
	END
	for i in 1 2 3; do
		feature=$([ $((i % 2)) = 1 ] && echo big || echo little)
		echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$(($1 + i))" \
			"CPUs=$(nproc --all) RealMemory=1000 Feature=$feature"
	done
	echo "PartitionName=lab Nodes=n[1-3] Default=YES State=UP MaxTime=60"
}

start() {
	local program
	for program in munge munged slurmctld slurmd sbatch; do
		command -v $program >/dev/null || { echo "slurm.sh: no $program" >&2; exit 77; }
	done
	mkdir -p "$DIR"/{run,log,state,spool} && chmod 0755 "$DIR" "$DIR/run"
	alive "$DIR/run/slurmctld.pid" && die "$DIR: runs already"
	trap stop EXIT # stops the daemons if the start fails
	write_conf "${SLURM_TEST_PORT:-$((20000 + $$ % 12000))}" >"$SLURM_CONF"
	(umask 077 && head -c 128 /dev/urandom >"$DIR/run/munge.key")
	daemon munged munged -F --key-file="$DIR/run/munge.key" --seed-file="$DIR/run/munge.seed" \
		--socket="$DIR/run/munge.socket" --pid-file="$DIR/run/munged.self" --num-threads=2
	within 30 munge -S "$DIR/run/munge.socket" -n || die "no munged, see $DIR/log"
	daemon slurmctld slurmctld -D -c -f "$SLURM_CONF"
	for program in n1 n2 n3; do add_node $program; done
	within 120 all_idle || die "nodes do not come up, see $DIR/log"
	trap - EXIT
}

stop() {
	local file
	if scancel --quiet --user="$(id -un)" 2>/dev/null; then within 5 no_jobs; fi
	for file in "$DIR"/run/*.pid; do ! alive "$file" || kill "$(<"$file")"; done
	for file in "$DIR"/run/*.pid; do within 10 gone "$file" || kill -KILL "$(<"$file")"; done
	rm -f "$DIR"/run/*.pid
	kill_jobs '.*'
}

[ $# -ge 2 ] || die "expected start|stop DIR or kill-node|kill-daemon|add-node DIR NODE"
mkdir -p "$2"
DIR=$(cd "$2" && pwd -P)
export SLURM_CONF=$DIR/slurm.conf
case $1 in
start) start ;;
stop) stop ;;
add-node) add_node "$3" ;;
kill-daemon) kill -KILL "$(<"$DIR/run/slurmd.$3.pid")" ;;
kill-node) kill -KILL "$(<"$DIR/run/slurmd.$3.pid")" && kill_jobs "$3" ;;
*) die "unknown verb $1" ;;
esac
