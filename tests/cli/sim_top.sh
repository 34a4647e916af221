#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests sim-top and sim-sensitivity with known properties of maps, and with errors.
# slow: over ten seconds of CPU time.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
needs sim/gomap_rw sim/null_map sim/snapshot sim/gomap_mutex sim/urcu_lfht
readmostly=${BUILD:-build/gcc}/readmostly
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
small="--set window=1000ops --set warm-up=50us"

runs() { # COMMAND ARGUMENTS...: writes $dir/out and $dir/err
	# shellcheck disable=SC2086
	"$readmostly" dev "$@" $small >"$dir/out" 2>"$dir/err"
}
status_of() {
	wanted=$1; shift
	runs "$@"
	[ $? = "$wanted" ] || { sed 's/^/# /' "$dir/err"; return 1; }
}

check "sim-top runs" runs sim-top --maps gomap_rw --set threads=4
check "sim-top prints the simulated machine" \
	contains "$dir/out" "SIMULATED icelake-sp: gomap_rw, 4 cores"
check "the hottest line belongs to the lock, whose code is named" sh -c \
	"grep -A 3 '^ *line ' '$dir/out' | grep -q go_rwmutex"
cp "$dir/out" "$dir/first"
check "sim-top runs again" runs sim-top --maps gomap_rw --set threads=4
check "both runs print the same bytes" cmp -s "$dir/first" "$dir/out"
check "a read-only snapshot runs" runs sim-top --maps snapshot --set threads=4 --set writes=0%
check "a read-only snapshot has no coherence misses" contains "$dir/out" "(0.0000 for coherence)"
touched() { # MAP: prints the lines that an operation touches on one core
	runs sim-top --maps "$1" --set threads=1 &&
		sed -n 's/^per operation: \([0-9.]*\) lines touched,.*/\1/p' "$dir/out"
}
check "an operation of a map touches more lines than the driver, but less than 30" \
	awk -v map="$(touched gomap_rw)" -v driver="$(touched null_map)" \
	'BEGIN { exit !(driver >= 0 && map > driver + 1 && map < 30) }'
check "a table larger than L1d runs on one core" runs sim-top --maps gomap_rw --set threads=1 --set keys=20000
check "the misses of a large table are in loads of values" \
	grep -q ' 0\.[5-9][0-9]* .* gomap_value_load gomap_lookup.h:' "$dir/out"
check "there are no misses in the unlock of an uncontended lock" sh -c \
	"! grep -q go_rwmutex_read_unlock '$dir/out'"
check "the lines of the table belong to a region of the answer" sh -c \
	"grep -q '^ *0x[0-9a-f]*  map ' '$dir/out' && ! grep -q '^ *0x[0-9a-f]*  other ' '$dir/out'"
printf 'writes = 3%%\nkeys = 64\nthreads = 3\nmaps = null_map\nmeasure = simulated:zen3\n' >"$dir/three.conf"
check "a workload file is accepted" runs sim-top "$dir/three.conf"
check "the workload of the file is run" \
	contains "$dir/out" "SIMULATED zen3: null_map, 3 cores, 64 keys"
sed 's/simulated:zen3/throughput/' "$dir/three.conf" >"$dir/timed.conf"
check "a workload without a simulated measure is status 2" status_of 2 sim-top "$dir/timed.conf"
check "the error names the line of the workload" \
	contains "$dir/err" "timed.conf:5: nothing to simulate"
check "a missing workload file is status 2" status_of 2 sim-top "$dir/none.conf"
check "a contended spin lock runs" runs sim-top --json --maps gomap_mutex --set threads=8
check "the sites of a line are sorted by events" python3 -c "
import json
lines = json.load(open('$dir/out'))[0]['counters']['lines']
events = [[site['events'] for site in line['sites']] for line in lines]
assert max(map(len, events)) > 2 and events == [sorted(e, reverse=True) for e in events], events"
check "--json runs" runs sim-top --json --maps null_map --set threads=2
check "--json prints lines and sites" python3 -c "
import json
counters = json.load(open('$dir/out'))[0]['counters']
assert counters['backend'] == 'sim'
assert isinstance(counters['lines'], list) and isinstance(counters['sites'], list)"

# If the program has no memory for counting lines, it prints the reason instead of a list.
mkdir -p "$dir/bin/maps/sim" && cp "$readmostly" "$dir/bin" && cp -r "$build/maps/plain" "$build/maps/names.tsv" "$dir/bin/maps"
cat >"$dir/bin/maps/sim/null_map" <<-end
	#!/bin/sh
	"$(realpath "$build")/maps/sim/null_map" "\$@" | sed 's/"lines":.*"sites":.*]},"counters_reason":null/"x":0},"counters_reason":"counters did not stop"/'
end
chmod +x "$dir/bin/maps/sim/null_map"
loses() {
	(readmostly=$dir/bin/readmostly; status_of 3 sim-top --maps null_map --set threads=2)
}
check "lost lines are status 3, not an empty list" loses
check "the reason for lost lines is printed" contains "$dir/err" "counters did not stop"
check "sim-sensitivity runs" runs sim-sensitivity --json --draws 2 --maps gomap_rw,snapshot --set threads=4
cp "$dir/out" "$dir/all"
check "sim-sensitivity uses every described machine and this one" python3 -c "
import json, pathlib
wanted = [p.stem for p in pathlib.Path('runner/sim/machines').glob('*.conf')] + ['host']
for band in json.load(open('$dir/all')):
    machines = band['machines']
    assert sorted(machines) == sorted(wanted), sorted(machines)
    for name, one in machines.items():
        if name == 'host' and 'left_out' in one:
            continue
        assert one['sets'] > 15 + 2, (name, one['sets'])
        for metric, of in one['bands'].items():
            assert band['bands'][metric]['low'] <= of['low'] <= of['described']
            assert of['described'] <= of['high'] <= band['bands'][metric]['high']
    assert band['sets'] == sum(one['sets'] for one in machines.values())
    own = machines['icelake-sp']['bands']['l1d_misses']
    assert band['bands']['l1d_misses']['described'] == own['described']"
check "counts of a lock depend on the assumed costs, those of a snapshot do not" python3 -c "
import json
bands = {b['cell'].split('/')[1]: b['machines']['icelake-sp']['bands']
         for b in json.load(open('$dir/all'))}
lock, free = bands['gomap_rw']['l1d_misses'], bands['snapshot']['l1d_misses']
assert lock['high'] > 1.1 * lock['low'] > 0, lock
assert free['high'] < 1.1 * free['low'], free
assert lock['high_by'] != lock['low_by']
assert lock['high_by'].startswith('icelake-sp, ')"
check "one machine without draws runs" runs sim-sensitivity --json --machines zen3 --draws 0 --maps snapshot --set threads=2
check "without draws only described costs are used" python3 -c "
import json
one, = json.load(open('$dir/out'))
assert list(one['machines']) == ['zen3'] and one['sets'] > 15, one['sets']
assert not any('draw' in b[k] for b in one['bands'].values() for k in ('low_by', 'high_by'))"
check "sim-sensitivity prints text" runs sim-sensitivity --machines zen3,icelake-sp --draws 1 --maps snapshot --set threads=2
check "the text has the band of each machine" \
	grep -q "zen3 .* as described;.* l1d_misses" "$dir/out"
export HWLOC_SYNTHETIC="pack:1 core:4 pu:2"
check "sim-sensitivity runs if hwloc reports no caches" \
	runs sim-sensitivity --draws 0 --maps null_map --set threads=1
unset HWLOC_SYNTHETIC
check "the host is left out with the reason" \
	contains "$dir/out" "left out: hwloc reports no L1d"
check "the host does not count as a machine" contains "$dir/out" " on 3 machines"
check "an unknown machine is status 2" status_of 2 sim-sensitivity --machines no-such --maps snapshot --set threads=2
check "the unknown machine is reported" contains "$dir/err" "no-such"

check "an unknown map is status 2" status_of 2 sim-top --maps no_such_map
check "the unknown map is reported" contains "$dir/err" "no_such_map"
check "a map that cannot be simulated is status 2" status_of 2 sim-top --set maps=urcu_lfht
check "the reason for which the map cannot be simulated is printed" \
	contains "$dir/err" "not simulated"
check "an unknown machine is status 2" status_of 2 sim-top --maps gomap_rw --set measure=simulated:nothing
check "the unknown machine in measure is reported" contains "$dir/err" "nothing"
check "--lines requires a number" status_of 2 sim-top --lines x
done_testing
