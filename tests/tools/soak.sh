#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# soak.sh READMOSTLY [ASAN_READMOSTLY] - ten minutes of checks per core family,
# seed after seed, by turns plainly and under AddressSanitizer (which sees a
# rare use after free only in long runs). Families run side by side, one per
# CPU. Rewrites the table of docs/soak.md; commit it. From the environment:
# SOAK_SECONDS  per family (600)
# FAMILIES      ids, instead of all below
plain=${1:-build/gcc/readmostly} asan=${2:-build/asan/readmostly}
seconds=${SOAK_SECONDS:-600} page=docs/soak.md
families=${FAMILIES:-gomap_rw gomap_str_rw syncmap syncmap_hp syncmap_inline
	syncmap_leak shard_rw_32 shard_seg snapshot hashtriemap urcu_lfht ck_ht rwlock_probe}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export plain asan seconds dir

soak() { # ID: rounds until the time is over, at least one of each build
	start=$SECONDS round=0
	while [ $round -lt 2 ] || [ $((SECONDS - start)) -lt "$seconds" ]; do
		round=$((round + 1))
		program=$plain ops=1000000
		[ $((round % 2)) = 0 ] && [ -x "$asan" ] && program=$asan ops=100000
		"$program" check "$1" --quiet --ops $ops --seed $((1000 + round)) \
			--deadline 1800 >"$dir/round.$1" 2>&1
		status=$?
		grep '^FAIL' "$dir/round.$1" | sed "s|^|$program: |"
		[ $status -le 1 ] || echo "FAIL $1: status $status of $program"
		# check: N ok, M failed, K skipped
		tail -n 1 "$dir/round.$1" | grep '^check: ' >>"$dir/sum.$1" ||
			echo 'check: 0 ok, 1 failed, 0 skipped' >>"$dir/sum.$1"
	done
	awk -v id="$1" -v s=$((SECONDS - start)) '{ ok += $2; bad += $4 }
		END { printf "| %s | %d | %d | %d | %d |\n", id, s, NR, ok, bad }' \
		"$dir/sum.$1" >"$dir/row.$1"
}
export -f soak

present=$("$plain" list --ids)
ids=$(for id in $families; do echo "$present" | grep -x "$id"; done)
echo "soak: $(echo "$ids" | wc -l) families, $seconds s each, $(nproc) at a time" >&2
echo "$ids" | xargs -P "$(nproc)" -I{} bash -c 'soak {}'
{
	cat <<'END'
# Soak

`make soak` checks one map per core family for ten minutes: all checks of `readmostly check`, seed after seed, by turns in the
normal build (10^6 operations per check) and under AddressSanitizer and UBSan (10^5). It writes this page.

END
	[ -x "$asan" ] && builds='both builds' || builds='normal build only'
	[ "$seconds" -ge 600 ] || builds="$builds, a shortened run"
	printf 'Last run: %s UTC, commit %s%s, %s s per family, %s, %s CPUs, load average at the end %s.\n\n' \
		"$(date -u '+%F %H:%M')" "$(git rev-parse --short HEAD)" \
		"$([ -z "$(git status --porcelain -uno)" ] || echo ' with changes')" \
		"$seconds" "$builds" "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)"
	printf '| map | seconds | rounds | checks passed | checks failed |\n|---|--:|--:|--:|--:|\n'
	for id in $ids; do cat "$dir/row.$id"; done
} >"$page.new" && mv "$page.new" "$page"
cat "$page"
! grep -q '| [1-9][0-9]* |$' "$page"
