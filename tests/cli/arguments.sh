#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a command takes: each of its options, then a mistake. A parser that gives
# up after an option would neither see what follows nor say so.
. tests/tools/tap.sh
needs plain/gomap_rw plain/null_map plain/cleanup_cancel check/library check/null_map \
	check/gomap_rw explore/gomap_rw readmostly-history
bin=${BUILD:-build/gcc}/readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

spelled() { # COMMAND...: runs it under the group that it belongs to
	case $1 in
	run | plan | check | explore | report | compare | advise | env) ;;
	machine | doctor | counters) set -- env "$@" ;;
	*) set -- dev "$@" ;;
	esac
	"$bin" "$@"
}

# refuses TEXT COMMAND...: status 2, nothing on standard output, and TEXT, a
# regular expression, on standard error.
refuses() {
	text=$1; shift
	spelled "$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	[ $got = 2 ] && [ ! -s "$dir/out" ] && grep -qe "$text" "$dir/err" ||
		{ echo "# status $got"; sed 's/^/# /' "$dir/err"; return 1; }
}

# A row is a command and options of it, which are right.
while read -r row; do
	# shellcheck disable=SC2086
	check "${row%% *} reads what stands after its options" \
		refuses "unrecognized option '--no-such'" $row --no-such
done <<'END'
run --busy-ok --cells-from x --counters none --maps all --needs --note a=b -o x --resume --seed 1 --set keys=1 --touched x --wait-idle 1
run --arms a=b --mode x
plan --cells --cells-from x --json --maps all --seed 1 --set keys=1
plan --mode x
replay --binary --map x --passes 1 --seed 1 --set keys=1 --shape u64x8 --threads 1
replay -o x --record x --write jsonl --state jsonl
dump -k 1 --lookups 1 --presize -s 1 -S u64x8
import --binary -o x
reproduce --busy-ok --figure x --seed 1 --wait-idle 1 -o x
reproduce --headline
verify-artifact -d 0
check -b 1 -d 1 -i -m 1 -n 1 -p -q -Q -s 1 -S u64x8 -t 1
check --history x --format jsonl --guarantee none --states 1 --memory 1
counters -j -m instructions
doctor -b
doctor -s
describe -s
list -j
list -i
list -f x
timeline --cell x --maps all -o x --seed 1 --set keys=1
crossover --busy-ok --budget 1 -o x --plan --resume --seed 1 --set keys=1 --wait-idle 1
sim-top --json --maps all -n 1 --seed 1 --set keys=1
sim-sensitivity --draws 1 --json --maps all -q --seed 1 --set keys=1
machine -j
END

while read -r command what; do
	check "$command takes one $what" \
		refuses "\"second\": expected one $what" "$command" first second
done <<'END'
replay FILE
dump map
reproduce folder
validate DIR
verify-artifact DIR or FILE
timeline file
END

# Who looks for an option finds it by its letter: --help has one list of them,
# and behind it its own two.
by_letter() { # COMMAND
	spelled "$1" --help | grep -v -e '--help' -e '--usage' |
		sed -n 's/^ \{2,6\}\(-\(.\), \)\{0,1\}--\(.\).*/\2\3/p' |
		cut -c1 >"$dir/letters"
	[ -s "$dir/letters" ] && LC_ALL=C sort -fsc "$dir/letters"
}
for command in run plan replay dump import reproduce check counters list \
	timeline crossover sim-top sim-sensitivity; do
	check "$command has its options by the alphabet" by_letter $command
done

check "import takes one FILE" refuses '"second": expected one FILE' \
	import twitter first second
for command in list doctor machine describe; do
	check "$command takes none" \
		refuses "\"first\": expected no" "$command" first
done
check "--set is KEY=VALUE" refuses '--set "keys": expected KEY=VALUE' \
	run --set keys x.conf
check "a number is in its range" refuses '--states "0": expected a number' \
	check --history x --states 0
check "and a number" refuses '--seed "one": expected a number' run --seed one
check "a budget is a number or a word" refuses \
	'--budget "soon": expected quick, or seconds' check gomap_rw --budget soon
echo 'get 1' >"$dir/ops"
for words in check dump "replay $dir/ops --map"; do
	# shellcheck disable=SC2086
	check "${words%% *} says that a map is unknown, and where they stand" refuses \
		'no map is called "no_such"; `readmostly dev list` prints all' $words no_such
done
check "a trace is replayed on maps only" refuses 'cleanup_cancel is a technique' \
	replay "$dir/ops" --map cleanup_cancel
"$bin" check null_map --shape u64x8 --quiet >"$dir/out" 2>"$dir/err"
status=$?
check "a check of nothing at all is no check that passed" eval \
	'[ $status = 3 ] && grep -q "^check: 0 ok, 0 failed, [1-9][0-9]* skipped" "$dir/out" && grep -q "nothing was checked" "$dir/err"'
check "a shape is one of those there are" \
	refuses '--shape "u64": expected u64x8' dump -S u64 gomap_rw
check "a format, too" refuses '--format x: expected detect' \
	check --history x --format x
check "and a guarantee" refuses '--guarantee x: expected none' \
	check --history x --guarantee x
check "a history stands alone" refuses '"gomap": expected no map' \
	check --history x gomap
check "a replay writes no other form" refuses '--map and --write: expected only one' \
	replay x --map gomap --write y
check "a resume has its own lines" refuses '--set: expected --mode NAME or FILE' \
	run -o x --resume --set keys=1
check "a note is UTF-8" refuses '--note author: expected UTF-8' \
	run -o x x.conf --note "author=$(printf 'M\374ller')"
check "machines have names" refuses '--machines ",": expected names' \
	sim-sensitivity --machines ,
check "advise needs a folder" refuses 'expected DIR' advise

check "explore names a file that is not there" \
	refuses '^readmostly explore: .*/none.c: No such file' explore "$dir/none.c"
check "and what is not in C" \
	refuses '/a.cc: expected a file that ends with .c' explore "$dir/a.cc"

check "a switch that is not given is off" \
	sh -c "'$bin' env machine | head -n 1 | grep -q '^id  *[0-9a-f]*\$'"

for help in --help -\? --usage; do
	check "advise $help is no question" sh -c \
		"'$bin' advise x $help | grep -q '^Usage: .*advise DIR'"
done
# An old spelling is refused with the new one.
check "list is refused by its new name" eval \
	'"$bin" list 2>"$dir/err"; [ $? = 2 ] && says "$dir/err" "readmostly dev list"'
check "doctor is refused by its new name" eval \
	'"$bin" doctor 2>"$dir/err"; [ $? = 2 ] && says "$dir/err" "readmostly env doctor"'
done_testing
