#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests `make flamegraph`: the drawings contain the names of the locks and of the lookup. perf and
# gperftools sample a C map, Go's profiler samples a Go map.
# slow: three windows of 20 million operations, each between two runs of make.
. tests/tools/tap.sh
needs plain/gomap_rw plain/go_map_rw
build=${BUILD:-build/gcc}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export DEPS=no

draw() { # MAP WORKLOAD ARGUMENTS...: writes `out`, and the texts and attributes of the drawing to `names`
	BUILD=$build runner/flamegraph.sh "$@" >"$dir/out" 2>&1
	status=$?
	local svg
	svg=$(sed -n 's/^flame graph: //p' "$dir/out")
	: >"$dir/names"
	[ -z "$svg" ] || /usr/bin/python3 - "$svg" >"$dir/names" <<'END'
import sys
from xml.etree import ElementTree
for element in ElementTree.parse(sys.argv[1]).iter():
    print(element.text or "", *element.attrib.values(), sep="\n")
END
}
small=(--set threads=2 --set keys=1Ki --set write-kind=update --set window=10000000ops)
names() { # WORD...: true if the drawing has all words
	local word
	for word; do
		grep -qF -- "$word" "$dir/names" || { echo "# no $word"; sed 's/^/# /' "$dir/out"; return 1; }
	done
}
c_names() {
	names go_rwmutex_read_lock go_rwmutex_read_unlock gomap_lookup 'map gomap_rw,' 'workload uniform-97-3,' \
		'threads 2' ' of CPU time, in a window of ' 'cell: uniform-97-3/gomap_rw/' ' machine '
}

refused() { # WORDS MAP WORKLOAD
	local words=$1; shift
	draw "$@"
	[ $status = 2 ] && contains "$dir/out" "$words"
}
check 'a missing map is rejected with the usage' refused \
	'MAP is missing, expected a map' '' uniform-97-3
check 'an unknown map is rejected' refused nosuch nosuch uniform-97-3
check 'an unknown workload is rejected with a list of all' refused ' uniform-97-3 ' gomap_rw nosuch
check 'a map in Java is rejected' refused 'expected a map in C, C++ or Go' java_chm uniform-97-3

if [ ! -x /usr/share/perl5/Devel/NYTProf/flamegraph.pl ] && ! command -v flamegraph.pl >/dev/null; then
	skip 'the drawings name the locks' 'libdevel-nytprof-perl is not installed'
	done_testing
	exit
fi
draws() { # SAMPLER MAP
	draw "$2" uniform-97-3 "${small[@]}"
	[ $status = 0 ] && names ", by $1"
}
if perf record -q -e cpu-clock -o "$dir/try" true 2>/dev/null; then
	check 'perf samples a map in C' draws perf, gomap_rw
	check 'the drawing of perf names the inlined locks and the lookup' c_names
else
	skip 'perf samples a map in C' 'perf may not sample here'
fi
mkdir "$dir/bin" && printf '#!/bin/sh\necho not permitted >&2\nexit 255\n' >"$dir/bin/perf"
chmod +x "$dir/bin/perf"
if command -v google-pprof >/dev/null; then
	PATH=$dir/bin:$PATH check 'without perf, gperftools samples' draws gperftools gomap_rw
	check 'the drawing of gperftools has the same names' c_names
else
	skip 'without perf, gperftools samples' 'google-perftools is not installed'
fi
if [ -e "$build/maps/plain/go_map_rw" ]; then
	check "Go's profiler samples a map in Go" draws "Go's runtime/pprof" go_map_rw
	check 'the drawing of Go names the locks and the lookup' names 'sync.(*RWMutex).RLock' \
		'sync.(*RWMutex).RUnlock' mapaccess 'map go_map_rw (go1.' 'threads 2'
else
	skip "Go's profiler samples a map in Go" 'no Go 1.19 or newer'
fi
done_testing
