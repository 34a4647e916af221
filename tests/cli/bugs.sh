#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The models of published bugs, their twins and their table agree, and nothing
# in them helps a check to find them.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
bugs=tests/bugs

ids() { grep -v '^#' $bugs/bugs.tsv | cut -f1; }

each_row_is_whole() {
	! awk -F '\t' '!/^#/ && (NF != 6 || $3 !~ /^https:/ || /\t\t|\t$/) { print "# " $0; bad = 1 }
		END { exit !bad }' $bugs/bugs.tsv
}

each_row_has_files() {
	for id in $(ids); do
		[ -f "$bugs/$id.c" ] && [ -f "$bugs/${id}_twin.c" ] || { echo "# $id"; return 1; }
	done
}

each_file_has_a_row() {
	for file in $bugs/*.c; do
		id=$(basename "$file" .c)
		ids | grep -qx "${id%_twin}" || { echo "# $id"; return 1; }
	done
}

# A twin is its model, told to be right.
twins_differ_in_one_macro() {
	for id in $(ids); do
		[ "$(grep '^#' "$bugs/${id}_twin.c")" = "#define BUG_TWIN
#define BUG_ID ${id}_twin
#include \"$bugs/$id.c\"" ] && grep -qE '\btwin\b|BUG_TWIN' "$bugs/$id.c" || { echo "# $id"; return 1; }
	done
}

check 'each row has six columns and a thread' each_row_is_whole
check 'each row has a model and a twin' each_row_has_files
check 'each model has a row' each_file_has_a_row
check 'each twin is its model and one macro' twins_differ_in_one_macro
check 'the rows are sorted' sh -c "grep -v '^#' $bugs/bugs.tsv | sort -c"
check 'there are at least 20' [ "$(ids | wc -l)" -ge 20 ]
check 'no model pauses or sleeps' sh -c "! grep -nE 'RM_PAUSE|sleep\(' $bugs/*.[ch]"
done_testing
