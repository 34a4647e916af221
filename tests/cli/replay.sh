#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests `readmostly dev replay` and `keys = file:`: recording, replaying, and errors.
# slow: over ten seconds of CPU time.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
needs plain/gomap_rw plain/syncmap
program=${BUILD:-build/gcc}/readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
traces=tests/fixtures/traces

refuses() { # FILE MESSAGE: expects status 2, and one line that names file and line
	"$program" dev replay "$1" >"$dir/out" 2>"$dir/err"
	[ $? = 2 ] && [ ! -s "$dir/out" ] && contains "$dir/err" "$2" &&
		[ "$(wc -l <"$dir/err")" = 1 ]
}
digest() { sed -n 's/^digest //p' "$1"; }
replays() { # TRACE ARGUMENTS...: prints the digest of the recording
	"$program" dev replay "$@" >"$dir/replayed" 2>&1 && [ -n "$(digest "$dir/recorded")" ] &&
		[ "$(digest "$dir/replayed")" = "$(digest "$dir/recorded")" ] ||
		{ sed 's/^/# /' "$dir/recorded" "$dir/replayed"; false; }
}

"$program" dev replay $traces/good.trace >"$dir/shown"
check "a key whose first operation is get is initially present" contains "$dir/shown" \
	"keys: 3 distinct, 2 there at the beginning, at most 3 at one time, 2 at the end"
"$program" dev replay $traces/has.trace >"$dir/shown"
check "a line with has lists a key that is initially present" \
	contains "$dir/shown" "4 distinct, 2 there at the"
check "an unknown operation is rejected" refuses $traces/bad_word.trace 'bad_word.trace:3: "sot 3"'
check "a truncated line is rejected" refuses $traces/cut.trace "cut.trace:3: the last line"
check "a lost line is rejected" \
	refuses $traces/lost_line.trace "lost_line.trace:4: end of 3 operations, but the file has 2"
check "a line with has after an operation is rejected" \
	refuses $traces/late_has.trace "late_has.trace:2: a has line after"
check "a second line with has for a key is rejected" \
	refuses $traces/twice.trace "twice.trace:2: a second has line for the same"
check "a line that is too long is rejected" \
	refuses $traces/long_key.trace "long_key.trace:2: a key of 1025 bytes"
: >"$dir/empty"
check "an empty file is rejected" refuses "$dir/empty" "empty:1: no operation"
check "a file that is not regular is rejected" refuses /dev/null "/dev/null: not a regular file"
check "a missing file is rejected" refuses "$dir/none" "No such file"
keeps() { # STATE WORDS: true if a failed write is status 3 and one line
	"$program" dev replay $traces/own.trace --map gomap_rw --shape str16x8 --state "$1" >/dev/null 2>"$dir/err"
	[ $? = 3 ] && contains "$dir/err" "$1: $2" && [ "$(wc -l <"$dir/err")" = 1 ]
}
check "a state without space is reported" keeps /dev/full "No space left"
check "a state in a missing folder is reported" keeps "$dir/none/state" "No such file"
long=$(printf 'd%.0s' $(seq 200))
long=$dir/$long/$long
mkdir -p "$long" && cp $traces/good.trace "$long"
"$program" dev replay "$long/good.trace" --map gomap_rw --shape u64x8 >/dev/null 2>"$dir/err"
check "a path too long for a cell is status 2" [ $? = 2 ]
check "the error names the path that is too long" contains "$dir/err" "good.trace: a path of"

cat >"$dir/churn.conf" <<END
writes     = 10%
write-kind = churn
misses     = 5%
keys       = 10k
threads    = 2
placement  = none
window     = 500000ops
deadline   = 30min
END
"$program" dev replay --record gomap_rw -o "$dir/churn.trace" "$dir/churn.conf" >"$dir/recorded"
check "a run of 10^6 operations is recorded" [ $? = 0 ]
for map in gomap_rw syncmap; do
	for threads in 1 2 5; do
		check "$map with $threads threads ends in the recorded state" \
			replays "$dir/churn.trace" --map $map --threads $threads
		check "$map with $threads threads and integer keys ends in the recorded state" \
			replays "$dir/churn.trace" --map $map --threads $threads \
			--shape u64x8
	done
done
check "several passes end in the same state" \
	replays "$dir/churn.trace" --map gomap_rw --threads 2 --passes 3
check "string keys end in the same state" \
	replays "$dir/churn.trace" --map gomap_rw --shape str16x24
cp "$dir/recorded" "$dir/churn.recorded"
"$program" dev replay --record syncmap --set shape=str16x8 --set write-kind=fresh --set misses=0% \
	--set threads=1 -o "$dir/fresh.trace" "$dir/churn.conf" --binary >"$dir/recorded"
check "fresh string keys, recorded in binary, give the same state" \
	replays "$dir/fresh.trace" --map gomap_rw --threads 2

tests/long/replay.sh "$program" >"$dir/long" 2>&1
status=$?
sed 's/^/# /' "$dir/long"
check "10^7 operations of two threads end in the recorded state" [ $status = 0 ]

# Changes the first set into a get.
awk '!done && /^set/ { sub("set", "get"); done = 1 } { print }' \
	"$dir/churn.trace" >"$dir/other.trace"
"$program" dev replay "$dir/other.trace" >"$dir/shown"
check "a lost set gives another state" \
	[ "$(digest "$dir/shown")" != "$(digest "$dir/churn.recorded")" ]

binary=$dir/small.bin
"$program" dev replay $traces/has.trace --write "$binary" --binary
"$program" dev replay "$binary" --write "$dir/again.trace"
sed -i 1d "$dir/again.trace" # removes the checksum
check "text that is converted to binary and back is the same" \
	cmp $traces/has.trace "$dir/again.trace"
"$program" dev replay $traces/own.trace --write "$dir/own.bin" --binary
"$program" dev replay "$dir/own.bin" --write "$dir/own.trace"
sed -i 1d "$dir/own.trace"
check "this also holds for keys and values of any bytes" \
	cmp "$dir/own.trace" - <<END
$(grep -av '^# Keys and values' $traces/own.trace)
END
damage() { # BYTE: overwrites that byte of the file
	cp "$binary" "$dir/damaged"
	printf '\377' | dd of="$dir/damaged" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
damage 3
check "a file with another magic number is rejected" \
	refuses "$dir/damaged" "damaged: byte 3: not a readmostly trace"
check "an older version is rejected" \
	refuses $traces/version1.bin "version1.bin: byte 8: version 1, expected 2"
damage 8
check "an unknown version is rejected" refuses "$dir/damaged" "byte 8: version 255, expected 2"
damage 16
check "a wrong count is rejected" refuses "$dir/damaged" "the file ends after 7 whole records"
damage 40
check "a changed byte is rejected" refuses "$dir/damaged" "byte 24: damaged: checksum"
head -c 60 "$binary" >"$dir/damaged"
check "a truncated file is rejected" refuses "$dir/damaged" "byte 60: the file ends after 3 whole"
head -c 20 "$binary" >"$dir/damaged"
check "a truncated header is rejected" refuses "$dir/damaged" "byte 20: the file ends within"

printf '%s\n' 'keys = file:churn.trace' 'threads = 1 2' 'placement = none' \
	'maps = gomap_rw' 'blocks = 1' 'window = 2passes' 'deadline = 30min' >"$dir/mine.conf"
"$program" run "$dir/mine.conf" -o "$dir/campaign" --seed 1 --counters none >"$dir/out" 2>&1
check "a campaign replays the trace" grep -q '^3 trials: .* 0 failed' "$dir/out"
check "this campaign is valid" "$program" dev validate "$dir/campaign"
check "the trials of this campaign have the digest of the state" \
	contains "$dir/campaign/trials.jsonl" "\"digest\":\"$(digest "$dir/churn.recorded")\""
plans() { # SET MESSAGE: true if the plan rejects the setting
	"$program" plan "$dir/mine.conf" --set "$1" >"$dir/out" 2>"$dir/err"
	[ $? = 2 ] && contains "$dir/err" "$2"
}
check "writes conflicts with a trace" plans writes=3% "the trace determines it"
check "a window of a trace needs passes" plans window=1s "window without passes"
check "a number of keys needs writes" plans keys=1k "writes is missing"
check "the plan rejects a damaged trace" plans "keys=file:damaged" "damaged: byte 20:"
check "traces and numbers of keys conflict" plans "keys=file:churn.trace 10" "numbers and traces"
done_testing
