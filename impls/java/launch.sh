#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# readmostly-java COMMAND <request - starts the virtual machine for a trial on the cell's CPUs: it creates one collector
# thread for each CPU that it may use, and each thread inherits these CPUs. RM_JAVA_HEAP: size of its heap in MiB;
# default: 1,024 or half of the process's limit. java reads JDK_JAVA_OPTIONS itself.
here=$(dirname "$(readlink -f "$0")")
request=$(cat)
cpus=$(printf '%s' "$request" | tr -d ' \t\n' |
	sed -n 's/.*"cpus":\[\([0-9,]*\)\].*/\1/p')
# If such a CPU does not exist, the program reports it.
[ -z "$cpus" ] || taskset -c "$cpus" true 2>/dev/null || cpus=
heap=$RM_JAVA_HEAP
case $heap in *[!0-9]* | 0*) echo "RM_JAVA_HEAP=$heap: expected a number of MiB from 1" >&2; exit 2 ;; esac
if [ -z "$heap" ]; then
	heap=1024
	most_kib=$(ulimit -d)
	[ "$most_kib" = unlimited ] || [ $((most_kib / 2048)) -ge $heap ] ||
		heap=$((most_kib / 2048))
fi
# -Xms = -Xmx: no growth in the window. The number of compiler threads is fixed, since the CPU time of a thread that
# ends would be lost.
exec ${cpus:+taskset -c "$cpus"} java -XX:+UseParallelGC "-Xms${heap}m" \
	"-Xmx${heap}m" -XX:-UseDynamicNumberOfCompilerThreads -XX:-UsePerfData -XX:ErrorFile=/dev/null \
	-cp "$here/java:CLASSPATH" readmostly.Main "$@" <<END
$request
END
