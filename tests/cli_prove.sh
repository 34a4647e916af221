#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The test runner tells right from wrong: what always fails is failed, what
# dies is failed, what fails once is named, and the last line says how many.
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/tests"

played() { # NAME LINE...: a test program that does what the lines say
	name=$1; shift
	{ echo '#!/bin/sh'; printf '%s\n' "$@"; } >"$dir/tests/test_played_$name"
	chmod +x "$dir/tests/test_played_$name"
}
prove() { # NAME...: status kept, output in $dir/out
	tests/prove.sh "$dir" "$@" >"$dir/out" 2>&1
}

played right 'echo "ok 1 - so"' 'echo "ok 2 - it is"' 'echo 1..2'
played wrong 'echo "ok 1 - so"' 'echo "not ok 2 - is it"' 'echo "# at x.c:7"' \
	'echo 1..2' 'exit 1'
played dies 'echo "ok 1 - so"' 'kill -9 $$'
played silent 'exit 0'
played short 'echo "ok 1 - so"' 'echo 1..2'
played once 'echo "ok 1 - so"' "[ -e $dir/seen ] && { echo 'ok 2 - late'; echo 1..2; exit 0; }" \
	"touch $dir/seen" 'echo "not ok 2 - late"' 'echo 1..2' 'exit 1'

check "right tests pass" prove played_right
check "their facts are counted" says "$dir/out" "2 passed, 0 failed"
check "a wrong fact fails the run" sh -c "! tests/prove.sh '$dir' played_wrong >'$dir/out' 2>&1"
check "it is counted" says "$dir/out" "1 passed, 1 failed"
check "it is shown again at the end" sh -c \
	"tail -n 6 '$dir/out' | grep -q 'not ok 2 - is it'"
for name in dies silent short; do
	check "a test that $name fails the run" sh -c \
		"! tests/prove.sh '$dir' played_$name >'$dir/out' 2>&1"
	check "$name: one failed" says "$dir/out" " passed, 1 failed"
done
check "what fails once and then passes is passed" prove played_once
check "and named" says "$dir/out" "unsteady, passed when run again:"
check "with the fact" says "$dir/out" "not ok 2 - late"
check "its facts are counted once" says "$dir/out" "2 passed, 0 failed"
check "no test at all is no success" sh -c \
	"! tests/prove.sh '$dir' no_such_name >'$dir/out' 2>&1"
done_testing
