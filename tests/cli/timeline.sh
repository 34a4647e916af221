#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `readmostly dev timeline`: a growth under load as a Chrome trace that Perfetto can
# read, and what it must show.
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
# EXPRESSION over trace, names (of spans), states (their names), tids
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
check 'it is a time line that Perfetto can read' is_valid gomap_rw
# from one bucket to 1024 for 4096 keys, and each growth moves all old ones
check 'with each doubling' shows gomap_rw 'names.count("grow") >= 9'
check 'and the growth that it began' \
	shows gomap_rw 'states.count("growth") == names.count("grow")'
check 'and the moves that the writes made' \
	shows gomap_rw 'names.count("evacuate") >= 500'
check 'the phases are those of the main thread' \
	shows gomap_rw '{"prefill", "window"} <= set(names) and 1 in tids'
# how often a thread waits for the lock is the machine's affair: on a busy one
# more than a ring holds
check 'nothing was lost but waits' shows gomap_rw \
	'trace["otherData"]["events_lost"] == trace["otherData"]["lock_waits_lost"]'

check 'sync.Map is traced' timeline syncmap
check 'it is a time line that Perfetto can read' is_valid syncmap
check 'with promotions, rebuilds and reclamation' \
	shows syncmap '{"promote", "rebuild", "reclaim"} <= set(names)'
check 'a snapshot is traced' timeline snapshot --set window=640ops --set keys=256
check 'with its clones' shows snapshot '"clone" in names'
check 'a table that is rehashed at once' timeline rwlock_probe
check 'with its resizes' shows rwlock_probe 'names.count("resize") >= 3'

check 'a long growth' timeline gomap_rw --set keys=256Ki --set window=640ops
check 'loses moves, and no growth' \
	shows gomap_rw '(trace["otherData"]["events_lost"] > 0 and
	names.count("grow") == states.count("growth") >= 15)'
check 'and is still one that Perfetto can read' is_valid gomap_rw

check 'a growth in the window, under load' \
	timeline gomap_rw --set loop=fill --set writes=100% --set measure=throughput --set keys=20k
check 'with its longest insertions' \
	[ "$(grep -cE '^ +[0-9.]+ +upsert ' "$out")" = 16 ]
check 'it is a time line that Perfetto can read' is_valid gomap_rw
check 'and with the growths in the window' shows gomap_rw '(len([s for s in
	spans(trace) if s[0] == "grow" for w in spans(trace) if w[0] == "window"
	and w[2] <= s[2] <= s[3] <= w[3]]) >= 11)'

# more than a ring holds: the oldest go, and are counted
check 'a time line that is too long' timeline syncmap --set keys=64 --set window=2000kops
check 'is still one that Perfetto can read' is_valid syncmap
check 'and says what it lost' \
	shows syncmap 'trace["otherData"]["events_lost"] > 0'

# an open loop whose every write copies the map: the longest operations say so
check 'an open loop is traced' timeline snapshot --set loop=paced --set rate=2k/s \
	--set measure=latency --set window=200ms --set writes=50%
check 'with how long each kind of event was' grep -qE '^clone +[1-9][0-9]* ' "$out"
check 'and its longest operations' \
	[ "$(grep -cE '^ +[0-9.]+ +(lookup|upsert|remove) ' "$out")" = 16 ]
check 'which tell what happened meanwhile' \
	grep -qE ' (upsert|remove) .* clone [0-9.]+ us \(thread [01]\)' "$out"

fails() { # STATUS COMMAND...
	expected=$1; shift
	"$@" >"$out" 2>&1
	[ $? = "$expected" ] || { sed 's/^/# /' "$out"; return 1; }
}
check 'no file is usage' fails 2 "$readmostly" dev timeline
check 'no cell is usage' fails 2 "$readmostly" dev timeline "$dir/growth.conf" --cell nothing
check 'and says where to look' says "$out" 'plan --cells'
check 'a file that cannot be written is incomplete' \
	fails 3 "$readmostly" dev timeline "$dir/growth.conf" -o "$dir/no/where.json"
mkdir -p "$dir/alone/maps" && cp "$readmostly" "$dir/alone" && cp -r "$build/maps/plain" "$dir/alone/maps"
check 'without the build that counts there is no time line' \
	fails 3 "$dir/alone/readmostly" dev timeline "$dir/growth.conf"
check 'and it says which program is missing' says "$out" maps/stats/
done_testing
