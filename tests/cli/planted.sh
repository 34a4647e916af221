#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each injected bug is found by the tool that the README of its corpus names, and the corrected
# version passes. A bug that depends on a race gets up to 100 seeds.
# slow: a minute of CPU time.
# alone: other load changes how often threads collide.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
. tests/tools/injected_bugs.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

shown() { # FILE: prints the end of a log; fails
	tail -n 20 "$1" | sed 's/^/# /'
	return 1
}

builds() { build_injected "$dir" >"$dir/log" 2>&1 || shown "$dir/log"; }

caught() { # ID TOOL CHECK SHAPE OPERATIONS
	for seed in $(seq 100); do
		run_injected "$dir" "$@" "$seed"
		[ $? = 1 ] && return 0
	done
	shown "$dir/out"
}

# The corrected version may not promise the property that the bug breaks. The check is then skipped,
# which counts as passed.
passes() { # ID TOOL CHECK SHAPE OPERATIONS
	run_injected "$dir" "$@" 1 || grep -q "^skip $1 $4 $3: " "$dir/out" ||
		shown "$dir/out"
}

# With one CPU, or on a host that runs its two virtual CPUs in turns, stores never stay in a buffer
# while another thread reads. bare_stores has no fences and fails with every seed on other machines,
# so it detects these machines.
cpus_hide_it() { # ID
	[ "$1" = missing_fence ] || return 1
	for seed in 1 2 3 4 5; do
		"$dir/plain/readmostly" check bare_stores --only litmus --shape u64x8 \
			--ops 8000000 --seed "$seed" >"$dir/bare" 2>&1
		grep -q 'store buffering' "$dir/bare" || return 0
	done
	return 1
}

documented() { # ID TOOL
	grep -q "^| \`$1\` .*| $2 |" verify/corpora/planted/README.md
}

every_file_listed() {
	for file in $planted/*_twin.c; do
		id=$(basename "$file" _twin.c)
		[ -f "$planted/$id.c" ] && list_injected all | grep -q "^$id	" ||
			{ echo "# $id"; return 1; }
	done
}

check 'the injected bugs and their corrected versions are compiled' builds
[ -x "$dir/plain/readmostly" ] || { done_testing; exit 1; }
check 'each bug has a corrected version and a tool' every_file_listed
for line in $(list_injected all | tr '\t' ,); do
	IFS=, read -r id tool test shape operations <<-END
		$line
	END
	check "$id: the README names $tool" documented "$id" "$tool"
	[ "$tool" = exploration ] && continue
	if cpus_hide_it "$id"; then
		skip "$id is caught by $tool" 'these CPUs do not always show store buffering, not even to bare_stores'
	else
		check "$id is caught by $tool" \
			caught "$id" "$tool" "$test" "$shape" "$operations"
	fi
	[ "$tool" = sanitizer ] || [ "$tool" = differential ] ||
		[ "$operations" -le 1000000 ] || operations=1000000
	check "${id}_twin passes $tool" \
		passes "${id}_twin" "$tool" "$test" "$shape" "$operations"
done
done_testing
