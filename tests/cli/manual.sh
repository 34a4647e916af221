#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests `make man`: man accepts each page, and bash completes commands, options and files.
. tests/tools/tap.sh
needs readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
command -v help2man >/dev/null || { skip "man pages" "no help2man"; done_testing; exit; }

complete_line() { # WORD...: prints the completions of the last word
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }
		$(complete -p readmostly | grep -oE "_[a-z]+"); printf "%s\n" "${COMPREPLY[@]}"' _ "$dir/readmostly.bash" "$@"
}
pages_are_valid() {
	[ -z "$(grep -L '^\.SH NAME' "$dir"/*.1)" ] || return
	! command -v groff >/dev/null || [ -z "$(groff -k -t -man -ww -z "$dir"/*.1 2>&1 | tee "$dir/warnings")" ] ||
		{ sed 's/^/# /' "$dir/warnings"; return 1; }
	[ "$(ls "$dir"/*.1 | wc -l)" = "$(($("$build/readmostly" --help | grep -c '^  [a-z]') + $("$build/readmostly" dev | grep -c '^  [a-z]') + 1))" ]
}
every_option_is_offered() {
	complete_line readmostly run --re >"$dir/offered"
	[ "$(cat "$dir/offered")" = --resume ] && complete_line readmostly dev list --fa | grep -qx -- --facts= &&
		complete_line readmostly com | grep -qx compare && complete_line readmostly dev timel | grep -qx timeline
}
check "a page is written for each command" runner/manual.sh "$build/readmostly" "$dir"
check "each page is valid, and there is one for each command" pages_are_valid
check "bash completes commands and their options" every_option_is_offered
done_testing
