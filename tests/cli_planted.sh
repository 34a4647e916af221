#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each planted bug is caught by the tool that is named for it in
# tests/fixtures/README.md, and its twin is not accused. A bug that needs luck
# gets it: up to 20 seeds, the first that shows it is enough.
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh
. tests/planted.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

shown() { # FILE: why a step failed
	tail -n 20 "$1" | sed 's/^/# /'
	return 1
}

builds() { planted_build "$dir" >"$dir/log" 2>&1 || shown "$dir/log"; }

caught() { # ID TOOL CHECK SHAPE OPERATIONS
	for seed in $(seq 20); do
		planted_run "$dir" "$@" "$seed"
		[ $? = 1 ] && return 0
	done
	shown "$dir/out"
}

right() { # ID TOOL CHECK SHAPE OPERATIONS
	planted_run "$dir" "$@" 1 || shown "$dir/out"
}

documented() { # ID TOOL
	grep -q "^| \`$1\` .*| $2 |" tests/fixtures/README.md
}

every_file_listed() {
	for file in $planted/*_twin.c; do
		id=$(basename "$file" _twin.c)
		[ -f "$planted/$id.c" ] && planted_list all | grep -q "^$id	" ||
			{ echo "# $id"; return 1; }
	done
}

check 'the planted bugs and their twins build' builds
[ -x "$dir/plain/readmostly" ] || { done_testing; exit 1; }
check 'each bug has a twin and a tool' every_file_listed
for line in $(planted_list all | tr '\t' ,); do
	IFS=, read -r id tool test shape operations <<-END
		$line
	END
	check "$id: the README names $tool" documented "$id" "$tool"
	[ "$tool" = exploration ] && continue
	if [ "$id" = missing_fence ] && [ "$(nproc)" -lt 2 ]; then
		skip "$id is caught by $tool" 'one CPU sees its own stores'
	else
		check "$id is caught by $tool" \
			caught "$id" "$tool" "$test" "$shape" "$operations"
	fi
	[ "$tool" = sanitizer ] || [ "$tool" = differential ] ||
		[ "$operations" -le 1000000 ] || operations=1000000
	check "${id}_twin is not accused by $tool" \
		right "${id}_twin" "$tool" "$test" "$shape" "$operations"
done
done_testing
