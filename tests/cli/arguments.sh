#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Passes each option of each command, followed by an invalid argument. If a parser stopped at an
# option, it would not report the invalid argument.
. tests/tools/tap.sh
needs plain/gomap_rw plain/null_map plain/cleanup_cancel check/library check/null_map \
	check/gomap_rw explore/gomap_rw readmostly-history
bin=${BUILD:-build/gcc}/readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

run_command() { # COMMAND...: runs the command, with its group (`dev`, `env`) in front
	case $1 in
	run | plan | check | explore | report | compare | advise | env) ;;
	machine | doctor | counters) set -- env "$@" ;;
	*) set -- dev "$@" ;;
	esac
	"$bin" "$@"
}

# refuses TEXT COMMAND...: status 2, nothing on standard output, and a match of the regular
# expression TEXT on standard error.
refuses() {
	text=$1; shift
	run_command "$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	[ $got = 2 ] && [ ! -s "$dir/out" ] && grep -qe "$text" "$dir/err" ||
		{ echo "# status $got"; sed 's/^/# /' "$dir/err"; return 1; }
}

# Each row consists of a command and valid options.
while read -r row; do
	# shellcheck disable=SC2086
	check "${row%% *} parses the argument after its options" \
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
verify-artifact -d 0000000000000000000000000000000000000000000000000000000000000000
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

# --help lists options alphabetically by letter; --help and --usage come last.
by_letter() { # COMMAND
	run_command "$1" --help | grep -v -e '--help' -e '--usage' |
		sed -n 's/^ \{2,6\}\(-\(.\), \)\{0,1\}--\(.\).*/\2\3/p' |
		cut -c1 >"$dir/letters"
	[ -s "$dir/letters" ] && LC_ALL=C sort -fsc "$dir/letters"
}
for command in run plan replay dump import reproduce check counters list \
	timeline crossover sim-top sim-sensitivity; do
	check "$command lists its options alphabetically" by_letter $command
done

check "import takes one FILE" refuses '"second": expected one FILE' \
	import twitter first second
echo 0,k,1,1,0,get,0 >"$dir/twitter"
check "import does not overwrite its input" refuses "the same file as the input" \
	import twitter "$dir/twitter" -o "$dir/./twitter"
check "import names an unknown format" refuses '"facebook": expected twitter' import facebook first -o x
for command in list doctor machine describe; do
	check "$command accepts no argument" \
		refuses "\"first\": expected no" "$command" first
done
check "--set requires KEY=VALUE" refuses '--set "keys": expected KEY=VALUE' \
	run --set keys x.conf
check "a number out of range is rejected" refuses '--states "0": expected a number' \
	check --history x --states 0
check "a word instead of a number is rejected" \
	refuses '--seed "one": expected a number' run --seed one
check "a budget is a number or a word" refuses \
	'--budget "soon": expected quick, or seconds' check gomap_rw --budget soon
echo 'get 1' >"$dir/ops"
for words in check dump "replay $dir/ops --map"; do
	# shellcheck disable=SC2086
	check "${words%% *} rejects an unknown map and prints how to list all" refuses \
		'no map is called "no_such"; `readmostly dev list` prints all' $words no_such
done
check "check suggests a map" refuses '"gomap_wr" (did you mean gomap_rw?)' check gomap_wr
check "env suggests a command" refuses 'unknown command "machin" (did you mean machine?)' env machin
check "a folder without a campaign is rejected" refuses "$dir: no campaign.json, expected the folder" reproduce "$dir"
check "replay rejects a technique" refuses 'cleanup_cancel is a technique' \
	replay "$dir/ops" --map cleanup_cancel
"$bin" check null_map --shape u64x8 --quiet >"$dir/out" 2>"$dir/err"
status=$?
check "a check that runs no test is status 3" eval \
	'[ $status = 3 ] && grep -q "^check: 0 ok, 0 failed, [1-9][0-9]* skipped" "$dir/out" && grep -q "nothing was checked" "$dir/err"'
# A build without map programs, and a build with two of them.
mkdir -p "$dir/fresh/maps/plain" "$dir/fresh/maps/check"
cp "$bin" "$dir/fresh"
cp "${bin%/*}/maps/names.tsv" "$dir/fresh/maps"
for command in check explore "dev dump"; do
	check "$command --help is printed before any program is built" eval \
		'"$dir/fresh/readmostly" $command --help >"$dir/out" && contains "$dir/out" "Usage: readmostly $command "'
done
cp "${bin%/*}/maps/plain/null_map"* "${bin%/*}/maps/plain/gomap_rw"* "$dir/fresh/maps/plain"
cp "${bin%/*}/maps/check/null_map" "$dir/fresh/maps/check"
check_all() { "$dir/fresh/readmostly" check all --shape u64x8 --only model --ops 100 >"$dir/out" 2>"$dir/err"; }
check_all
status=$?
check "if no map can be checked, check all prints this once" eval \
	'[ $status = 3 ] && [ "$(grep -c "nothing was checked" "$dir/err")" = 1 ]'
cp "${bin%/*}/maps/check/gomap_rw" "$dir/fresh/maps/check"
check "if one map is checked, check all does not print this" eval 'check_all && [ ! -s "$dir/err" ]'
check "an unknown shape is rejected" \
	refuses '--shape "u64": expected u64x8' dump -S u64 gomap_rw
check "an unknown format is rejected" refuses '--format x: expected detect' \
	check --history x --format x
check "an unknown guarantee is rejected" refuses '--guarantee x: expected none' \
	check --history x --guarantee x
check "a history excludes a map" refuses '"gomap": expected no map' \
	check --history x gomap
check "run suggests an option" refuses '--sed: did you mean --set?' run --sed=keys=1 x.conf
check "--map excludes --write" refuses '--map and --write: expected only one' \
	replay x --map gomap --write y
check "--resume excludes --set" refuses '--set needs --mode NAME or FILE' \
	run -o x --resume --set keys=1
check "a note must be UTF-8" refuses '--note author: expected UTF-8' \
	run -o x x.conf --note "author=$(printf 'M\374ller')"
check "a machine needs a name" refuses '--machines ",": expected names' \
	sim-sensitivity --machines ,
check "advise requires a folder" refuses 'required: DIR, --writes' advise

# Errors about files and variables name the valid values, or the next step.
printf 'writes = 3%%\nkeys = 1Ki\nthreads = 1\nmaps = gomap_rw\n' >"$dir/good.conf"
sed 's/^maps.*/maps = a,b/' "$dir/good.conf" >"$dir/comma.conf"
sed '1d; s/^keys.*/keys = file:none/' "$dir/good.conf" >"$dir/trace.conf"
"$bin" dev replay "$dir/ops" --write "$dir/whole.trace" --binary && head -c 20 "$dir/whole.trace" >"$dir/cut.trace"
head -c 400 /bin/ls >"$dir/binary.conf"
echo 'int x = y;' >"$dir/broken.c"
echo '{"format":"readmostly-history"}' >"$dir/old.jsonl"
while IFS='|' read -r text words; do
	# shellcheck disable=SC2046,SC2086 # words
	check "$words: $text" refuses "$text" $(echo $words | sed "s|DIR|$dir|g")
done <<'END'
not a text file (byte 0x.*expected lines KEY = VALUE|plan DIR/binary.conf
--counters replay: .*: No such.*`readmostly env counters --record|run --mode smoke --counters replay:DIR/none -o DIR/x
arm a: /etc/passwd: not executable, expected a map program|run --mode smoke --arms a=/etc/passwd,b=DIR -o DIR/x
arm b: .*: it contains no folder plain, expected|run --mode smoke --arms a=/bin/true,b=DIR -o DIR/x
no metric "l1d_fil" (did you mean l1d_fill?), expected metrics.* cycles, |counters --metrics=l1d_fil
expected an id (`make IMPL=.*readmostly.h|check DIR/broken.c
not built: correct the first error above|explore DIR/broken.c
--only exchnge: no such check (did you mean exchange?), expected one of .*exchange, |check --only=exchnge gomap_rw
--digest "abc": expected 64 hexadecimal digits|verify-artifact --digest=abc DIR
^readmostly dev verify-artifact: [^ ]*/none: No such.*, expected an artifact of `make artifact`|verify-artifact DIR/none
old.jsonl:1: no "version", expected 1|check --history=DIR/old.jsonl
none: No such file.*, expected a recorded history (docs|check --history=DIR/none
--needs and --resume: expected only one|run --needs --resume -o DIR
--json, --requests and --cells: expected only one|plan --requests --json x.conf
--json, --ids and --facts: expected only one|list --ids --json
--ops and --budget: expected only one|check gomap_rw --ops=10 --budget=5
--threads, --passes and --shape need --map|replay DIR/ops --threads=2
--seed needs --map MAP or --record|replay DIR/ops --seed=2
--binary needs --write OTHER or --record|replay DIR/ops --binary
required: DIR|report
--shape: 'u9x9': expected .*KEY u64, str16,|advise DIR --writes 3% --keys 1Ki --threads 2 --shape u9x9
nothere.cc: cannot be read: expected a source|check DIR/nothere.cc
--program-file .*none: expected a program (docs|explore gomap_rw --program-file=DIR/none
"--bogus": no such option|trial --bogus
arm a: the share "+x%", expected +0%|run --mode smoke --arms a=DIR+x%,b=DIR -o DIR/x
--arms zzz: no such workload .*expected e.g. uniform|run --mode smoke --arms zzz:a=DIR,b=/bin -o DIR/x
--cell zzz: .*no cell can be traced|timeline DIR/good.conf --cell=zzz
maps = "a,b", expected .*separated by blanks|plan DIR/comma.conf
keys = .*none: No such.*expected a trace: `readmostly dev|plan DIR/trace.conf
none: No such.*expected a trace: `readmostly dev|replay DIR/none
none: No such.*, expected a cache trace|import twitter DIR/none -o DIR/x
the file ends within the header.*: copy the file again|replay DIR/cut.trace
END
for variable in 'RM_PAGE=nope: expected no or yes' 'RM_SYSFS=/none: expected a folder with proc/'; do
	check "${variable%%:*} is rejected" eval \
		'! env "${variable%%:*}" "$bin" run --mode smoke -o "$dir/x" 2>"$dir/err" && contains "$dir/err" "$variable"'
done
check "a bad request is rejected with the source of valid ones" eval \
	'echo "{}" | "$bin" dev trial 2>"$dir/err"; [ $? = 2 ] && contains "$dir/err" "not 2; \`readmostly plan FILE --requests\`"'
for program in /bin/true /none; do
	check "dev trial $program prints the name of a valid program" eval \
		'"$bin" plan --requests "$dir/good.conf" | head -n 1 | "$bin" dev trial $program 2>"$dir/err"; [ $? = 3 ] &&
		contains "$dir/err" "expected a map program: \`make programs NEEDED=plain/ID"'
done
check "a refused run makes no folder" [ ! -e "$dir/x" ]
check "an error names the reason for which JSON could not be written" eval \
	'! "$bin" env machine --json 2>"$dir/err" >/dev/full && contains "$dir/err" "lost: No space left on device: free"'
"$bin" advise --help | tr -s ' \n' ' ' >"$dir/out"
for need in $(sed -n 's/^  "\(.*\)": .*/\1/p' report/advise/needs.json); do
	check "advise --help lists $need" grep -q "[ ,]${need}[, ]" "$dir/out"
done

check "explore rejects a missing file by name" \
	refuses '^readmostly explore: .*/none.c: No such file' explore "$dir/none.c"
check "explore rejects a missing file in C++ by name" \
	refuses '/a.cc: cannot be read: expected a source file' explore "$dir/a.cc"

check "a switch that is absent from JSON is off" \
	sh -c "'$bin' env machine | head -n 1 | grep -q '^id  *[0-9a-f]*\$'"

for help in --help -\? --usage; do
	check "advise $help prints the usage" sh -c \
		"'$bin' advise x $help | grep -q '^Usage: .*advise DIR'"
done
# The error for a former name of a command has the present name.
check "list is rejected with its new name" eval \
	'"$bin" list 2>"$dir/err"; [ $? = 2 ] && contains "$dir/err" "readmostly dev list"'
check "doctor is rejected with its new name" eval \
	'"$bin" doctor 2>"$dir/err"; [ $? = 2 ] && contains "$dir/err" "readmostly env doctor"'
done_testing
