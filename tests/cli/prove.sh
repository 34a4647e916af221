#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The test runner tells right from wrong: what always fails is failed, what
# dies is failed, what fails once has failed and is named, and the last line
# says how many.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
unset BUILT_S # of the run that this test is part of
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/tests"

played() { # NAME LINE...: a test program that does what the lines say
	name=$1; shift
	{ echo '#!/bin/sh'; printf '%s\n' "$@"; } >"$dir/tests/test_played_$name"
	chmod +x "$dir/tests/test_played_$name"
}
prove() { # NAME...: status kept, output in $dir/out
	tests/tools/prove.sh "$dir" "$@" >"$dir/out" 2>&1
}

played right 'echo "ok 1 - so"' 'echo "ok 2 - it is"' 'echo 1..2'
played wrong 'echo "ok 1 - so"' 'echo "not ok 2 - is it"' 'echo "# at x.c:7"' \
	'echo 1..2' 'exit 1'
played dies 'echo "ok 1 - so"' 'kill -9 $$'
played silent 'exit 0'
played short 'echo "ok 1 - so"' 'echo 1..2'
played skips 'echo "ok 1 - so"' 'echo "ok 2 - it # SKIP not here"' 'echo 1..2'
played nothing 'echo "1..0 # SKIP not here"'
played hangs 'echo "ok 1 - so"' "sleep 1000 & echo \$! >$dir/sleeper" 'wait'
played bails 'echo "Bail out! no memory"' 'exit 1'
played once 'echo "ok 1 - so"' "[ -e $dir/seen ] && { echo 'ok 2 - late'; echo 1..2; exit 0; }" \
	"touch $dir/seen" 'echo "not ok 2 - late"' 'echo 1..2' 'exit 1'

check "right tests pass" prove played_right
check "their facts are counted" says "$dir/out" "2 passed, 0 failed, 0 skipped"
check "a wrong fact fails the run" sh -c "! tests/tools/prove.sh '$dir' played_wrong >'$dir/out' 2>&1"
check "it is counted" says "$dir/out" "1 passed, 1 failed"
check "it is shown again at the end" sh -c \
	"tail -n 6 '$dir/out' | grep -q 'not ok 2 - is it'"
for name in dies silent short; do
	check "a test that $name fails the run" sh -c \
		"! tests/tools/prove.sh '$dir' played_$name >'$dir/out' 2>&1"
	check "$name: one failed" says "$dir/out" " passed, 1 failed"
done
check "a test that hangs fails the run" sh -c "! TAP_LIMIT=10 tests/tools/prove.sh '$dir' played_hangs >'$dir/out' 2>&1"
check "it says that it hung" says "$dir/out" "ends within 10 s"
check "it counts as one that failed" says "$dir/out" "1 passed, 1 failed"
check "it is named, and not run once more" says "$dir/out" "failed, it hung: "
ended() { # PID: gone, or waiting to be asked how it ended
	case $(ps -o stat= -p "$1") in '' | Z*) ;; *) return 1 ;; esac
}
check "and its processes have ended" ended "$(cat "$dir/sleeper")"
# It stops no other: each test is a program of its own.
for name in bails right; do
	printf 'test_played_%s\tbounded: by this file\n' $name
done >"$dir/racing"
check "a test that bails out beside others fails the run" sh -c \
	"! tests/tools/prove.sh '$dir' played_bails >'$dir/out' 2>&1"
check "and before others" sh -c \
	"! RACING='$dir/racing' tests/tools/prove.sh '$dir' played_bails played_right >'$dir/out' 2>&1"
check "which run" says "$dir/out" "2 passed, 1 failed, 0 skipped"
check "it is named" says "$dir/out" "failed twice: $dir/tests/test_played_bails"
check "with its words" sh -c "tail -n 6 '$dir/out' | grep -q 'no memory'"

# What ends prove itself: what it had not begun never ran.
mkdir "$dir/bin"
without() { # LINE...: prove does what the lines say; output in $dir/out
	{ echo '#!/bin/sh'; printf '%s\n' "$@"; } >"$dir/bin/prove"
	chmod +x "$dir/bin/prove"
	! PATH=$dir/bin:$PATH tests/tools/prove.sh "$dir" played_skips played_right >"$dir/out" 2>&1
}
check "a prove that is killed fails the run" without 'echo "skips .. ok"' 'kill -9 $$'
check "it is named" says "$dir/out" "failed: prove itself (status 137)"
check "and nothing is counted of an earlier run" says "$dir/out" "0 passed, 1 failed, 0 skipped"
check "so does one that ends early and blames no test" without \
	'echo "Files=1, Tests=2,  0 wallclock secs"' 'exit 255'
check "which is named, too" says "$dir/out" "failed: prove itself (status 255)"
check "what fails once and then passes has failed" sh -c \
	"! tests/tools/prove.sh '$dir' played_once >'$dir/out' 2>&1"
check "and named" says "$dir/out" "(unsteady: it passed when run again)"
check "with the fact" says "$dir/out" "not ok 2 - late"
check "its facts are counted once" says "$dir/out" "1 passed, 1 failed, 0 skipped"
check "what cannot be shown here is no failure" prove played_skips
check "and is counted apart" says "$dir/out" "1 passed, 0 failed, 1 skipped"
check "a file that is skipped counts, too" sh -c \
	"! tests/tools/prove.sh '$dir' played_nothing >'$dir/out' 2>&1; tail -n 1 '$dir/out' | grep -qx '0 passed, 0 failed, 1 skipped'"
check "the stages have times" sh -c \
	"tail -n 2 '$dir/out' | grep -qE '^stages: side by side [0-9]+ s'"

played seconds '# slow: seconds' 'exit 1'
played minutes '# slow: minutes of CPU time' 'exit 1'
printf 'test_played_wrong\tbounded: by this file\n' >"$dir/racing"
RACING=$dir/racing tests/tools/prove.sh --list "$dir" played_ >"$dir/out" 2>&1
check "listing runs nothing" [ $? = 0 ]
order() { sed -n "s|^$1: .*test_played_||p" "$dir/out" | tr '\n' ' '; }
check "what takes minutes begins first, then what is slow" \
	sh -c "case '$(order 'side by side')' in 'minutes seconds bails dies '*) ;; *) false ;; esac"
check "what needs luck runs alone" [ "$(order alone)" = 'wrong ' ]
RACING=$dir/racing tests/tools/prove.sh --fast --list "$dir" played_ >"$dir/out" 2>&1
check "the fast form leaves out what is slow" \
	sh -c "! grep -qE 'seconds|minutes' '$dir/out' && grep -q right '$dir/out'"
check "no test at all is no success" sh -c \
	"! tests/tools/prove.sh '$dir' no_such_name >'$dir/out' 2>&1"
done_testing
