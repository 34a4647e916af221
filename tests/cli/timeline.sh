#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests `readmostly dev timeline`, which writes the growth of a map under load as a Chrome trace
# that Perfetto can read, and prints the events.
. tests/tools/tap.sh
needs plain/gomap_rw stats/gomap_rw stats/syncmap stats/snapshot stats/rwlock_probe
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT

cat >"$dir/growth.conf" <<'END'
writes = 20%
write-kind = fresh
keys = 4Ki
threads = 2
placement = none
presize = no
window = 20000ops
blocks = 1
measure = causes
maps = gomap_rw syncmap snapshot rwlock_probe
END

timeline() { # MAP MORE...
	map=$1; shift
	"$readmostly" dev timeline "$dir/growth.conf" --maps "$map" \
		-o "$dir/$map.json" "$@" >"$out" 2>&1 ||
		{ sed 's/^/# /' "$out"; return 1; }
}
is_valid() { /usr/bin/python3 tests/tools/timeline_format.py "$dir/$1.json" >"$out" ||
	{ sed 's/^/# /' "$out"; return 1; }; }
# Tests a Python EXPRESSION, which may use trace, names (of spans), states (their names) and tids.
shows() { # MAP EXPRESSION
	/usr/bin/python3 - "$dir/$1.json" "$2" <<'END'
import json, sys
sys.path.insert(0, "tests/tools")
from timeline_format import spans
trace = json.load(open(sys.argv[1]))
events = trace["traceEvents"]
names = [s[0] for s in spans(trace)]
states = [e["name"] for e in events if e["ph"] == "b"]
tids = {e["tid"] for e in events}
if not eval(sys.argv[2]):
    print("#", trace["otherData"], sorted(set(names)), states[:5], tids)
    sys.exit(1)
END
}

check 'a growth of Go'"'"'s map is traced' timeline gomap_rw
check 'Perfetto can read the trace' is_valid gomap_rw
# 4096 keys need 1024 buckets, starting from one bucket. Each growth moves all old buckets.
check 'the trace has each doubling' shows gomap_rw 'names.count("grow") >= 9'
check 'each doubling is followed by a growth' \
	shows gomap_rw 'states.count("growth") == names.count("grow")'
check 'the trace has the evacuations by writes' \
	shows gomap_rw 'names.count("evacuate") >= 500'
check 'the phases are on the main thread' \
	shows gomap_rw '{"prefill", "window"} <= set(names) and 1 in tids'
# The number of waits for the lock depends on the machine. On a busy machine, there are more waits
# than a ring can store.
check 'only waits for the lock were lost' shows gomap_rw \
	'trace["otherData"]["events_lost"] == trace["otherData"]["lock_waits_lost"]'

check 'sync.Map is traced' timeline syncmap
check 'Perfetto can read the trace' is_valid syncmap
check 'the trace has promotions, rebuilds and reclamation' \
	shows syncmap '{"promote", "rebuild", "reclaim"} <= set(names)'
check 'a snapshot is traced' timeline snapshot --set window=640ops --set keys=256
check 'the trace has clones' shows snapshot '"clone" in names'
check 'a table that rehashes at once is traced' timeline rwlock_probe
check 'the trace has resizes' shows rwlock_probe 'names.count("resize") >= 3'

check 'a long growth is traced' timeline gomap_rw --set keys=256Ki --set window=640ops
check 'the trace loses evacuations, but no growth' \
	shows gomap_rw '(trace["otherData"]["events_lost"] > 0 and
	names.count("grow") == states.count("growth") >= 15)'
check 'Perfetto can read a trace with lost events' is_valid gomap_rw

check 'growth in the window, under load, is traced' \
	timeline gomap_rw --set loop=fill --set writes=100% --set measure=throughput --set keys=20k
check 'the longest insertions are printed' \
	[ "$(grep -cE '^ +[0-9.]+ +upsert ' "$out")" = 16 ]
check 'Perfetto can read the trace' is_valid gomap_rw
check 'the growths are in the window' shows gomap_rw '(len([s for s in
	spans(trace) if s[0] == "grow" for w in spans(trace) if w[0] == "window"
	and w[2] <= s[2] <= s[3] <= w[3]]) >= 11)'

# There are more events than a ring can store. The oldest events are dropped and counted.
check 'a long run is traced' timeline syncmap --set keys=64 --set window=2000kops
check 'Perfetto can read the trace of a long run' is_valid syncmap
check 'the trace has the number of lost events' \
	shows syncmap 'trace["otherData"]["events_lost"] > 0'

# An open loop on a map that is copied for every write. The longest operations show the copies.
check 'an open loop is traced' timeline snapshot --set loop=paced --set rate=2k/s \
	--set measure=latency --set window=200ms --set writes=50%
check 'the duration of each kind of event is printed' grep -qE '^clone +[1-9][0-9]* ' "$out"
check 'the longest operations are printed' \
	[ "$(grep -cE '^ +[0-9.]+ +(lookup|upsert|remove) ' "$out")" = 16 ]
check 'the events during the longest operations are printed' \
	grep -qE ' (upsert|remove) .* clone [0-9.]+ us \(thread [01]\)' "$out"

fails() { # STATUS COMMAND...
	expected=$1; shift
	"$@" >"$out" 2>&1
	[ $? = "$expected" ] || { sed 's/^/# /' "$out"; return 1; }
}
check 'a missing file is status 2' fails 2 "$readmostly" dev timeline
check 'an unknown cell is status 2' fails 2 "$readmostly" dev timeline "$dir/growth.conf" --cell nothing
check 'the error names the command that lists cells' contains "$out" 'plan --cells'
check 'a file that cannot be written is status 3' \
	fails 3 "$readmostly" dev timeline "$dir/growth.conf" -o "$dir/no/where.json"
mkdir -p "$dir/alone/maps" && cp "$readmostly" "$dir/alone" && cp -r "$build/maps/plain" "$dir/alone/maps"
check 'without the stats build the status is 2' \
	fails 2 "$dir/alone/readmostly" dev timeline "$dir/growth.conf"
check 'the error names the missing program' \
	contains "$out" 'is not built (make programs NEEDED=stats/'
done_testing
