#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# readmostly-java COMMAND <request - starts the Java virtual machine for a trial on the cell's CPUs.
# It creates one collector thread for each of these CPUs, and all threads inherit the CPUs.
# RM_JAVA_HEAP: size of the heap in MiB; default: 1,024, or half of the process's limit. java also
# reads JDK_JAVA_OPTIONS.
here=$(dirname "$(readlink -f "$0")")
request=$(cat)
cpus=$(printf '%s' "$request" | tr -d ' \t\n' |
	sed -n 's/.*"cpus":\[\([0-9,]*\)\].*/\1/p')
# If such a CPU does not exist, the Java program reports it.
[ -z "$cpus" ] || taskset -c "$cpus" true 2>/dev/null || cpus=
heap=$RM_JAVA_HEAP
case $heap in *[!0-9]* | 0*) echo "RM_JAVA_HEAP=$heap: expected a number of MiB from 1" >&2; exit 2 ;; esac
if [ -z "$heap" ]; then
	heap=1024
	most_kib=$(ulimit -d)
	[ "$most_kib" = unlimited ] || [ $((most_kib / 2048)) -ge $heap ] ||
		heap=$((most_kib / 2048))
fi
# With -Xms equal to -Xmx, the heap does not grow in the window. The number of compiler threads is
# fixed, because the CPU time of a thread that ends would be lost.
exec ${cpus:+taskset -c "$cpus"} java -XX:+UseParallelGC "-Xms${heap}m" \
	"-Xmx${heap}m" -XX:-UseDynamicNumberOfCompilerThreads -XX:-UsePerfData -XX:ErrorFile=/dev/null \
	-cp "$here/java:CLASSPATH" readmostly.Main "$@" <<END
$request
END
