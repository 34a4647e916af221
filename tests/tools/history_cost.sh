#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# history_cost.sh HISTORY_BENCH - what judging costs, by size: the second half of
# docs/tally/histories.md. Status 1: the largest needs more than it may, and the
# page says so. Its file of 10^7 operations has 2 GB, and lies in TMPDIR. LOAD says
# what else ran.
page=docs/tally/histories.md
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
"$1" sizes "$dir" >"$dir/rows"
status=$?
cat "$dir/rows"
[ "$(wc -l <"$dir/rows")" = 4 ] || { echo "history_cost.sh: $1 sizes: expected 4 rows" >&2; exit 1; }
{
	printf '%s\n\n' "$(sed '/^## What judging costs/,$d' $page)"
	cat <<-TEXT
	## What judging costs

	Made by \`make history-bench\`: simulated histories that are linearizable, 64 threads, 10^5 keys,
	half of the operations writes of seven kinds; joined thread by thread as recorders give them, and then from a
	file of JSON lines, sorted by \`invoked\`, by a process that reads and judges it. Seconds are CPU time of one
	thread, MiB the most that was resident: with the history itself (72 bytes an operation), and of a file with its text.

	$(date -u +%F), commit $(git rev-parse --short HEAD), $(nproc) CPUs${LOAD:+, $LOAD}.

	| operations | judged, s | MiB | from a file: read, s | judged, s | MiB |
	|---|---|---|---|---|---|
	TEXT
	cat "$dir/rows"
	printf '\nFor 10^7: at most 10 s and 1,907 MiB (2 GB) from memory, 60 s more from a file: '
	[ $status = 0 ] && echo "kept." || echo "NOT KEPT."
} >"$dir/page"
cp "$dir/page" $page
exit $status
