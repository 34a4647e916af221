#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests `readmostly check --history`: verdicts, exit statuses, formats and messages.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
needs readmostly-history
program=${BUILD:-build/gcc}/readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
histories=tests/fixtures/histories

ends() { # STATUS FILE ARGUMENTS...: judging the file exits with STATUS
	ends_status=$1 ends_file=$2
	shift 2
	"$program" check --history "$histories/$ends_file" "$@" \
		>"$dir/out" 2>"$dir/err"
	[ $? = "$ends_status" ] || { sed 's/^/# /' "$dir/out" "$dir/err"; false; }
}
refuses() { # FILE MESSAGE: bad input is rejected, and its line is named
	ends 2 "$1" && contains "$dir/err" "$1:$2" && [ ! -s "$dir/out" ]
}

for file in good.jsonl register_good.edn kv_good.txt etcd_good.log; do
	check "$file is linearizable" ends 0 $file
done
for file in stale.jsonl torn_scan.jsonl keys_bad.edn kv_bad.txt etcd_bad.log; do
	check "$file is not linearizable" ends 1 $file
done
check "an invalid operation is rejected with its line" \
	refuses bad_line.jsonl '3: op: expected lookup'
check "two operations of a thread at once are rejected with their line" \
	refuses two_at_once.jsonl '3: event 1: thread 0'
check "an invalid process in EDN is rejected with its line" \
	refuses bad_process.edn '2: process 0 invokes'
check "a return without an invocation is rejected with its line" \
	refuses kv_broken.txt '2: process 0 ends'
check "an unknown word is rejected with its line" refuses etcd_broken.log '2: no :type'
check "a contradictory answer is rejected with its line" \
	refuses contradicts.jsonl '2: "there" is false with a "result"'
sed '6s/"there":[a-z]*,//' $histories/stale.jsonl >"$dir/half.jsonl"
"$program" check --history "$dir/half.jsonl" >"$dir/out" 2>"$dir/err"
check "a value without a presence flag is rejected with its line" \
	[ "$? $(grep -c 'half.jsonl:6: no "there" with a "result"' "$dir/err")" = '2 1' ]
sed '2s/$/\x0/' $histories/good.jsonl >"$dir/zero.jsonl"
"$program" check --history "$dir/zero.jsonl" >"$dir/out" 2>"$dir/err"
check "a zero byte is rejected with its line" \
	[ "$? $(grep -c 'zero.jsonl:2: zero byte at column' "$dir/err")" = '2 1' ]
check "a file that is not a history is rejected" ends 2 ../counters.jsonl
check "a missing file is rejected" ends 2 none.jsonl
check "the error has the reason of the system" \
	contains "$dir/err" 'none.jsonl: No such file or directory'
head -n 1 $histories/good.jsonl | "$program" check --history - >"$dir/out" 2>&1
check "a history without operations is not checked" \
	[ "$? $(grep -c 'nothing was checked: - has no' "$dir/out")" = '3 1' ]
check "with too few states the verdict is undecided" ends 3 stale.jsonl --states 1

ends 1 stale.jsonl
check "the timeline marks the operation that fails" \
	grep -Eq '^> +\+10 .* <== impossible; possible instead: 2$' "$dir/out"
check "the output has the command that runs the check again" \
	contains "$dir/out" 'again: readmostly check demo --seed 9'
check "no line ends with a blank" sh -c "! grep -n ' \$' '$dir/out'"

ends 1 torn_scan.jsonl --smallest "$dir/few.jsonl"
check "--smallest writes the reduced history" test -s "$dir/few.jsonl"
check "if the reduced history cannot be written, the verdict is unchanged" \
	ends 1 torn_scan.jsonl --smallest "$dir/none/few.jsonl"
check "the error names the file of the reduced history" \
	contains "$dir/err" 'none/few.jsonl: cannot be written: No such file'
"$program" check --history "$dir/few.jsonl" >"$dir/out"
check "the reduced history fails, too" [ $? = 1 ]
check "a weaker guarantee passes" ends 0 torn_scan.jsonl --guarantee once-if-present

ends 1 keys_bad.edn --json
check "JSON has the verdict" /usr/bin/python3 -c '
import json, sys
o = json.load(open(sys.argv[1]))
assert o["verdict"] == "not linearizable" and o["instead"] == "2"
assert o["operations"] == 4 and o["smallest"] == 3, o' "$dir/out"
names='"keys":{"7":"apple"},"values":{"5":"red"}'
scan='{"thread":0,"op":"scan","invoked":2,"returned":3,"pairs":'
printf '%s\n' '{"format":"readmostly-history","version":1,"guarantee":"once-if-present",'"$names}" \
	"${scan}[[7,5],[7,5]]}" >"$dir/twice.jsonl"
printf '%s\n' '{"format":"readmostly-history","version":1,"guarantee":"none",'"$names}" \
	"${scan}[[7,5]]}" >"$dir/invented.jsonl"
"$program" check --history "$dir/twice.jsonl" >"$dir/out"
check "a key that a scan returns twice is shown by its name" \
	sh -c "grep -q 'yielded key apple twice' '$dir/out' && grep -q 'yielded apple = red, apple = red' '$dir/out'"
"$program" check --history "$dir/invented.jsonl" >"$dir/out"
check "a value that was never written is shown" \
	contains "$dir/out" 'key apple: a scan yielded red, which no operation wrote'
/usr/bin/python3 - "$dir/long.jsonl" <<'end'
import json, sys

head = {"format": "readmostly-history", "version": 1, "guarantee": "none",
        "keys": {"7": "é" * 30}, "values": {"1": "x" + "ü" * 40, "3": "€" * 40}}
ask = {"thread": 0, "op": "exchange", "key": 7}
with open(sys.argv[1], "w", encoding="utf-8") as out:
    for line in (head, {**ask, "value": 1, "invoked": 0, "returned": 1, "there": False},
                 {**ask, "value": 3, "invoked": 2, "returned": 3, "there": True, "result": 1},
                 {**ask, "value": 4, "invoked": 6, "returned": 7, "there": True, "result": 1}):
        print(json.dumps(line, ensure_ascii=False), file=out)
end
"$program" check --history "$dir/long.jsonl" --json >"$dir/out" 2>"$dir/err"
check "JSON is valid if a name was cut inside a character" /usr/bin/python3 -c '
import json, sys
o = json.load(open(sys.argv[1], encoding="utf-8"))
assert o["verdict"] == "not linearizable" and "€" in o["why"] + o["instead"], o' "$dir/out"
check "--format overrides detection" ends 2 stale.jsonl --format etcd --json
check "an unknown format is rejected" ends 2 stale.jsonl --format xml
"$program" check --history - <$histories/kv_bad.txt >"$dir/out" 2>&1
check "standard input is -" [ $? = 1 ]
check "a map and a history together are rejected" ends 2 good.jsonl null_map
done_testing
