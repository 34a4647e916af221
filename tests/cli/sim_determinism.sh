#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same binary, request and machine give the same counts in 20 of 20 runs: with and without
# random addresses, four at a time, in another directory, and with environments of different sizes.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
. tests/tools/sim.sh
needs sim/gomap_rw sim/shard_rw_32 sim/syncmap sim/rwlock_probe
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
sim=$(realpath "$sim")
export sim dir map
setarch -R true 2>/dev/null && fixed=yes || fixed=no
export fixed

cat >"$dir/one" <<'END'
# one RUN REQUEST: prints the hash of a trial. RUN selects the directory, the environment and
# whether addresses are random.
run=$1 request=$2
PADDING=$(printf "%$((run * 131))s" '')
export PADDING
[ $((run % 3)) = 0 ] && cd /
if [ $((run % 2)) = 0 ] && [ $fixed = yes ]; then
	setarch -R "$sim/$map" trial <"$request"
else
	"$sim/$map" trial <"$request"
fi | grep -o '"hash":"[0-9a-f]*"' || echo failed
END

for map in gomap_rw shard_rw_32 syncmap rwlock_probe; do
	kind=update
	[ $map = syncmap ] && kind=churn # this map then allocates in the window
	for cores in 1 4 64; do
		request $map $cores write_kind=$kind window_ops=256 keys=300 \
			>"$dir/request"
		seq 20 | xargs -P 4 -I RUN sh "$dir/one" RUN "$dir/request" \
			>"$dir/hashes"
		check "$map on $cores cores has one hash in 20 runs" sh -c "
			[ \$(grep -c hash '$dir/hashes') = 20 ] &&
			[ \$(sort -u '$dir/hashes' | wc -l) = 1 ] ||
			{ sort '$dir/hashes' | uniq -c; false; }"
		cat "$dir/hashes" >>"$dir/all"
	done
done
check 'other maps and numbers of cores have other hashes' \
	[ "$(sort -u "$dir/all" | wc -l)" = 12 ]
map=gomap_rw
request gomap_rw 4 seed=2 window_ops=256 keys=300 >"$dir/request"
sh "$dir/one" 1 "$dir/request" >"$dir/other"
check 'another seed has another hash' sh -c "
	grep -q hash '$dir/other' && ! grep -qf '$dir/other' '$dir/all'"
done_testing
