#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# If a campaign loses a CPU, it stops before the next trial that needs this CPU. A resume continues
# when the CPU is available again. Also tests that output to a non-blocking pipe is complete.
. tests/tools/tap.sh
needs plain/gomap_rw plain/rwlock_probe tests/fake_trial
build=$(realpath "$build")
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
cat >"$dir/w.conf" <<'END'
writes   = 3%
keys     = 1Ki
shape    = u64x8
threads  = 2
warm-up  = 1ms
window   = 2ms
deadline = 20s
blocks   = 3
verify   = 1kops
maps     = gomap_rw rwlock_probe
measure  = throughput
END
# A trial that takes all CPUs but one from its runner, as a cpuset would.
cat >"$dir/trial" <<END
#!/bin/sh
[ -e "$dir/narrow" ] && taskset -pc $(taskset -pc $$ | sed 's/.*: *\([0-9]*\).*/\1/') \$PPID >/dev/null
exec "$build/tests/fake_trial" "\$@"
END
chmod +x "$dir/trial"
run() {
	RM_TRIAL_PROGRAM=$dir/trial RM_FAKE='=ok' "$build/readmostly" run -o "$dir/campaign" "$@" \
		--busy-ok --counters none >"$dir/out" 2>&1
	echo $? >>"$dir/out"
}
if [ "$(nproc)" -ge 2 ]; then
	touch "$dir/narrow"
	run "$dir/w.conf"
	check 'the campaign stops before a trial without its CPU' \
		contains "$dir/out" 'is forbidden by taskset or a cpuset: allow it'
	check 'the campaign prints how to continue' contains "$dir/out" '--resume'
	check 'the campaign ends with status 3' [ "$(tail -n1 "$dir/out")" = 3 ]
	check 'no trial is void' sh -c "! grep -q '\"status\":\"void\"' '$dir/campaign/trials.jsonl'"
	rm "$dir/narrow"
	run --resume
	check 'a resume with all CPUs ends' [ "$(tail -n1 "$dir/out")" = 0 ]
	check 'after the resume each trial has run once' \
		[ "$(wc -l <"$dir/campaign/trials.jsonl")" = 8 ]
else
	skip 'the campaign stops before a trial without its CPU' 'one CPU'
fi

export HWLOC_SYNTHETIC=pu:2 # otherwise each plan would measure times on this machine
sed 's/^blocks.*/blocks = 9000/' "$dir/w.conf" >"$dir/long.conf"
# Prints the number of bytes that a slow reader receives, and the status.
cat >"$dir/slow.py" <<'END'
import os, subprocess, sys, time
r, w = os.pipe()
os.set_blocking(w, False)
with subprocess.Popen(sys.argv[1:], stdout=w) as program:
    time.sleep(0.2)
    print(not os.get_blocking(w))
    os.close(w)
    print(len(os.fdopen(r, "rb").read()))
print(program.returncode)
END
"$build/readmostly" plan --json "$dir/long.conf" >"$dir/whole"
check 'the output is longer than a pipe' [ "$(wc -c <"$dir/whole")" -gt 70000 ]
check 'a pipe that does not block gets all output and keeps its flag' \
	[ "$(python3 "$dir/slow.py" "$build/readmostly" plan --json "$dir/long.conf" | xargs)" = \
	"True $(wc -c <"$dir/whole") 0" ]
done_testing
