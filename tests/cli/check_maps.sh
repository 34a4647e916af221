#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every map in this build passes every check, with few operations each: `make
# check-maps` has more. And check_maps.sh itself says what failed.
# slow: minutes of CPU time; not part of `make check`.
. tests/tools/tap.sh
build=${BUILD:-build/gcc}
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT

tests/tools/check_maps.sh "$build/readmostly" "${RM_CHECK_OPS:-12000}" >"$out" 2>"$dir/errors"
status=$?
sed 's/^/# /' "$out"
check 'every map passes every check that fits it' [ $status = 0 ]
maps=$("$build/readmostly" list --ids | wc -l)
check "all $maps maps were asked" says "$out" "($maps maps, "

# CHECKS may have asked for some checks only
unset CHECKS
# a program that has a map which fails, one that is right, one that crashes
cat >"$dir/fake" <<'END'
#!/bin/sh
case "$1 $2" in
'list --ids') printf 'good\nbad\ndies\n' ;;
'check good') echo 'check: 5 ok, 0 failed, 2 skipped' ;;
'check bad') echo 'FAIL bad u64x8 model: it is bad'
	echo 'check: 4 ok, 1 failed, 2 skipped'; exit 1 ;;
'check dies') kill -SEGV $$ ;;
esac
END
chmod +x "$dir/fake"
tests/tools/check_maps.sh "$dir/fake" 10 >"$out" 2>&1
check 'one that fails makes status 1' [ $? = 1 ]
check 'and is named' says "$out" 'FAIL bad u64x8 model: it is bad'
check 'a program that dies is a failure, too' says "$out" 'FAIL dies: status 139'
check 'the sum is of all maps' says "$out" 'check: 9 ok, 2 failed, 4 skipped (3 maps, 10 '
cat >"$dir/killed" <<'END'
#!/bin/sh
case "$1 $2" in
'list --ids') printf 'good\nkills\n' ;;
'check good') echo 'check: 5 ok, 0 failed, 2 skipped' ;;
'check kills') kill -KILL $PPID ;;
esac
END
chmod +x "$dir/killed"
tests/tools/check_maps.sh "$dir/killed" 10 >"$out" 2>&1
check 'a map whose checks did not end is a failure, named' \
	[ "$? $(grep -c '^FAIL kills: its checks did not end' "$out")" = '1 1' ]
cat >"$dir/shaped" <<'END'
#!/bin/sh
case "$1 $2" in
'list --ids') printf 'words\ntexts\n' ;;
list*) printf 'words  its title\n    shapes     u64x8 u64x24\n'
	printf 'texts  its title\n    shapes     u64x8 str16x8 str16x24\n' ;;
check*) echo "check: 1 ok, 0 failed, 0 skipped"; echo "$2 $*" >>"$0.asked" ;;
esac
END
chmod +x "$dir/shaped"
ONE=1 SHAPES='str16x24 u64x8' tests/tools/check_maps.sh "$dir/shaped" 10 >"$out" 2>&1
check 'of the shapes the first that a map offers' \
	[ "$(sed 's/ .*--shape//' "$dir/shaped.asked" | sort | tr '\n' ' ')" = 'texts str16x24 words u64x8 ' ]
MAPS=good tests/tools/check_maps.sh "$dir/fake" 10 >"$out" 2>&1
check 'one that is right is status 0' [ $? = 0 ]
done_testing
