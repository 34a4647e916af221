#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# readmostly-java COMMAND <request - starts the virtual machine for a trial. It
# begins on the cell's CPUs, since it makes as many collector threads as it sees
# CPUs, and each thread inherits them. RM_JAVA_HEAP: MiB of its heap; else 1,024
# or half of what a process may have. JDK_JAVA_OPTIONS are java's own.
here=$(dirname "$(readlink -f "$0")")
request=$(cat)
cpus=$(printf '%s' "$request" | tr -d ' \t\n' |
	sed -n 's/.*"cpus":\[\([0-9,]*\)\].*/\1/p')
# Where there is no such CPU the program says so.
[ -z "$cpus" ] || taskset -c "$cpus" true 2>/dev/null || cpus=
heap=$RM_JAVA_HEAP
if [ -z "$heap" ]; then
	heap=1024
	most_kib=$(ulimit -d)
	[ "$most_kib" = unlimited ] || [ $((most_kib / 2048)) -ge $heap ] ||
		heap=$((most_kib / 2048))
fi
# -Xms = -Xmx: no growth in the window. A fixed number of compiler threads:
# one that ends would take its CPU time with it.
exec ${cpus:+taskset -c "$cpus"} java -XX:+UseParallelGC "-Xms${heap}m" \
	"-Xmx${heap}m" -XX:-UseDynamicNumberOfCompilerThreads -XX:-UsePerfData \
	-cp "$here/java:CLASSPATH" readmostly.Main "$@" <<END
$request
END
