# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# sim.sh - functions that send requests to simulated maps and read the answers, for shell tests: `.
# tests/tools/sim.sh`
sim=${BUILD:-build/gcc}/maps/sim # folder of the programs of simulated maps

# request MAP CORES [NAME=VALUE...]: prints a trial request as JSON. A NAME is a member of the cell,
# or seed, machine, limit_ns or costs.
request() {
	shape=u64x8 keys=1000 write_share=0.03 miss_share=0 write_kind=update
	warm_up_ns=20000 window_ops=1024 deadline_ns=60000000000 verify_ops=0
	measure= seed=1 machine=icelake-sp limit_ns=0 dist=uniform
	loop=mix rate_per_s=0 presize=true window_ns=0 costs='{}'
	map=$1 cores=$2
	shift 2
	for pair in "$@"; do eval "${pair%%=*}=\${pair#*=}"; done
	measure=${measure:-simulated:$machine}
	cat <<END
{"protocol": 2, "seed": $seed, "control_extra": 0.0,
 "counters": {"backend": "sim", "machine": "$machine", "limit_ns": $limit_ns, "costs": $costs},
 "cell": {"id": "sim/$map/$cores", "workload": "sim", "map": "$map",
  "shape": "$shape", "keys": $keys, "write_share": $write_share,
  "miss_share": $miss_share, "write_kind": "$write_kind", "dist": "$dist",
  "loop": "$loop", "rate_per_s": $rate_per_s, "arrivals": "poisson", "threads": $cores,
  "placement": "cores", "memory": "first-touch", "cpus": [], "presize": $presize,
  "warm_up_ns": $warm_up_ns, "window_ns": $window_ns, "window_ops": $window_ops,
  "deadline_ns": $deadline_ns, "verify_ops": $verify_ops, "measure": "$measure"}}
END
}

# trial MAP CORES [NAME=VALUE...] >ANSWER
trial() { request "$@" | "$sim/$1" trial; }

# hash_of <ANSWER: prints the hash of all counts of all cores, or "failed" if it is missing.
hash_of() { grep -o '"hash":"[0-9a-f]*"' || echo failed; }

# total METRIC <ANSWER: prints the total over all cores in the window.
total() {
	tr '{' '\n' | sed -n "s/^\"metric\":\"$1\",.*\"total\":\([0-9.]*\),.*/\1/p"
}

# status_of <ANSWER: prints ok, void or failed.
status_of() { sed -n 's/.*"status":"\([a-z]*\)","reason":.*"elapsed_ns".*/\1/p;
	/"elapsed_ns"/!s/.*"status":"\([a-z]*\)".*/\1/p'; }
