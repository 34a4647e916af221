#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# replay.sh READMOSTLY - records 10^7 operations of two threads, and replays them on two maps. Each
# map must end in the recorded state.
program=$1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
printf '%s\n' 'writes = 3%' 'write-kind = churn' 'keys = 64Ki' 'threads = 2' \
	'placement = none' 'window = 5Mops' 'deadline = 30min' >"$dir/ten-million.conf"
digest() { tee "$dir/said" | sed 's/^/# /' >&2; sed -n 's/^digest //p' "$dir/said"; }
recorded=$("$program" dev replay --record gomap_rw -o "$dir/t" "$dir/ten-million.conf" | digest)
status=0
for arguments in 'gomap_rw --threads 1' 'gomap_rw --threads 2' 'syncmap --threads 4' \
	'gomap_rw --shape str16x24' \
	'gomap_rw --shape u64x8 --threads 2'; do
	# shellcheck disable=SC2086 # a map and its options
	replayed=$("$program" dev replay "$dir/t" --map $arguments | digest)
	if [ -n "$recorded" ] && [ "$recorded" = "$replayed" ]; then
		echo "ok: $arguments: $replayed"
	else
		echo "not ok: $arguments: $replayed, recorded $recorded"
		status=1
	fi
done
exit $status
