#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `readmostly explore` finds each bug of verify/corpora/explored/tools.tsv within the listed number
# of schedules, with the listed finding. Corrected versions and correct maps pass. A finding is the
# same on one CPU and on two, and the printed command reproduces it byte for byte. memory.tsv lists
# bugs that occur only with weak memory.
# slow: over ten seconds of CPU time.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
needs explore/gomap_rw explore/gomap_mutex explore/syncmap explore/shard_rw_32 explore/hashtriemap explore/snapshot \
	explore/ck_ht explore/null_map explore/gomap_ck_pflock
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
build=${BUILD:-build/gcc}
list=verify/corpora/explored/tools.tsv
weak=verify/corpora/explored/memory.tsv
right_schedules=2000

bugs() { grep -v '^#' "$list"; }
files() {
	grep -hv '^#' "$list" "$weak" | while IFS='	' read -r id folder rest; do
		echo "verify/corpora/$folder/$id.c"
		echo "verify/corpora/$folder/${id}_twin.c"
	done
	echo tests/fixtures/orders/limited_seg_grow.c
}

# finds ID FINDING SCHEDULES: reports this finding within the schedules.
finds() {
	explore "$1" --schedules "$3" --memory sc >"$dir/$1"
	[ $? = 1 ] && grep -q "^FAIL $1: .*: $2\$" "$dir/$1" ||
		{ sed 's/^/# /' "$dir/$1"; return 1; }
}
passes() { # MAP
	explore "$1" --schedules $right_schedules >"$dir/out" &&
		grep -q "^ok   $1: $right_schedules schedules, .* 0 undecided" "$dir/out" ||
		{ sed 's/^/# /' "$dir/out"; return 1; }
}
weak_passes() { # ID ARGUMENT...
	id=$1; shift
	explore "$id" "$@" >"$dir/out" && grep -q "^ok   $id: " "$dir/out" ||
		{ sed 's/^/# /' "$dir/out"; return 1; }
}
right_passes() { # MAP MODEL
	weak_passes "$1" --schedules $right_schedules --memory "$2"
}
# Prints the page without the line about the run that found the bug, because this line differs
# between runs.
page() { sed 1d "$dir/$1"; }
# shellcheck disable=SC2086
reproduces() { # ID: the command in the last line of the page gives the same page
	line=$(sed -n 's/^again: readmostly explore //p' "$dir/$1")
	explore $line >"$dir/again"
	[ $? = 1 ] && page "$1" | cmp - "$dir/again"
}
on_one_cpu() { # ID SCHEDULES
	explore "$1" --schedules "$2" --memory sc --cpus 1 | sed 1d >"$dir/one"
	page "$1" | cmp - "$dir/one"
}

explore() { # MAP ARGUMENT...: runs the program of the map
	place=$dir/build/maps/explore
	[ -e "$place/$1" ] || place=$build/maps/explore
	if [ -x "$place/$1" ]; then "$place/$1" "$@"; else "$build/readmostly" explore "$@"; fi
}
# shellcheck disable=SC2046
check 'the fixtures build with IMPL=' tests/tools/with_impl.sh "$dir/build" explore $(files | sort -u)
[ -x "$dir/build/readmostly" ] || { done_testing; exit 1; }
bugs >"$dir/bugs"
while IFS='	' read -r id folder finding schedules _; do
	check "$id is found within $schedules schedules: $finding" \
		finds "$id" "$finding" "$schedules"
	check "$id: its command reproduces it, byte for byte" reproduces "$id"
	check "$id: one CPU finds the same" on_one_cpu "$id" "$schedules"
	check "$id: the page shows source lines of the map, if its threads have operations" \
		grep -Eq '\.[ch]:[0-9]|made smaller: 0 of' "$dir/$id"
	check "$id: its corrected version passes $right_schedules" passes "${id}_twin"
done <"$dir/bugs"
check 'the page has the values that are written' \
	grep -q ' plain_counter.c:[0-9]* writes 1$' "$dir/plain_counter"
check 'a pointer is shown as an offset in the heap, which is equal in each run' \
	grep -q ' plain_counter.c:[0-9]* reads heap+0x[0-9a-f]*$' "$dir/plain_counter"
check 'the page lists colliding keys' grep -q '^collide  = yes$' "$dir/slabhash_27"
check 'the page lists repeated operations' grep -Eq '^thread [1-7] = [0-9]+ x ' "$dir/ck_212"
for map in gomap_rw gomap_mutex syncmap shard_rw_32 hashtriemap; do
	check "$map passes $right_schedules schedules" right_passes $map sc
done

# Bugs that occur only with weak memory. They are found under the listed model but not under sc,
# reproduced, found on one CPU, and absent from the corrected version.
finds_weak() { # ID FINDING SCHEDULES MODEL
	explore "$1" --schedules "$3" --memory "$4" >"$dir/$1"
	[ $? = 1 ] && grep -q "^FAIL $1: .* under $4, .*: $2\$" "$dir/$1" &&
		grep -q "^map $1, .*, memory $4, " "$dir/$1" ||
		{ sed 's/^/# /' "$dir/$1"; return 1; }
}
weak_on_one_cpu() { # ID SCHEDULES MODEL
	explore "$1" --schedules "$2" --memory "$3" --cpus 1 | sed 1d >"$dir/one"
	page "$1" | cmp - "$dir/one"
}
shows_memory_order() { # ID MODEL
	case $2 in
	c11) grep -Eq 'an older value, (from before the threads|stored by thread [1-7] at .*\.[ch]:[0-9]+)$' "$dir/$1" ;;
	tso) grep -q 'stores into its buffer [^ ]*$' "$dir/$1" && grep -q 'has left the buffer$' "$dir/$1" ;;
	esac
}
# A clear that waited for memory must not continue in a table that another thread has freed.
check 'segments that grow while a clear waits for memory pass' \
	weak_passes limited_seg_grow --memory c11 --threads 4 --ops 8 --seed 2 --schedules 2000
grep -v '^#' "$weak" >"$dir/weak"
while IFS='	' read -r id folder finding schedules model; do
	check "$id is found under $model within $schedules schedules: $finding" \
		finds_weak "$id" "$finding" "$schedules" "$model"
	check "$id: the page describes the memory order" shows_memory_order "$id" "$model"
	check "$id: its command reproduces it, byte for byte" reproduces "$id"
	check "$id: one CPU finds the same" weak_on_one_cpu "$id" "$schedules" "$model"
	check "$id passes under sc" weak_passes "$id" --schedules "$schedules" --memory sc
	check "$id: its corrected version passes $right_schedules under $model" weak_passes "${id}_twin" \
		--schedules $right_schedules --memory "$model"
done <"$dir/weak"
for model in tso c11; do
	for map in gomap_rw syncmap hashtriemap snapshot; do
		check "$map passes $right_schedules schedules under $model" right_passes "$map" $model
	done
done

# Runs all schedules of small programs. Tests findings, reproduction and output.
exhausts() { # ID FINDING
	explore "$1" --scheduler exhaustive --schedules 5000 >"$dir/$1"
	[ $? = 1 ] && grep -q "^FAIL $1: .* up to 2 preemptions, .*: $2\$" "$dir/$1" ||
		{ sed 's/^/# /' "$dir/$1"; return 1; }
}
passes_exhaustively() { # MAP WORDS
	explore "$1" --scheduler exhaustive --ops 1 --programs 4 --schedules 2000 >"$dir/out" &&
		grep -Eq "^ok   $1: $2 up to 2 preemptions: none fails, .* 0 undecided" "$dir/out" ||
		{ sed 's/^/# /' "$dir/out"; return 1; }
}
while read -r id finding; do
	check "$id is found by all schedules: $finding" exhausts "$id" "$finding"
	check "$id: its command reproduces it, byte for byte" reproduces "$id"
	check "$id: its corrected version passes" passes_exhaustively "${id}_twin" '.*'
done <<-'end'
	lost_update not linearizable
	lock_order deadlock
	folly_1280 data race
end

# An operation of another thread may run between two operations of a thread, even if the first
# thread accesses no memory between them.
cat >"$dir/between.txt" <<-'end'
	resident = 0 1
	thread 1 = upsert 1, lookup 0
	thread 2 = upsert 0
end
finds_between() { # ARGUMENT...
	explore keeps_back --program-file "$dir/between.txt" "$@" >"$dir/out"
	[ $? = 1 ] && grep -q '^FAIL keeps_back: .*: not linearizable$' "$dir/out" ||
		{ sed 's/^/# /' "$dir/out"; return 1; }
}
check 'an operation runs between two of another thread' finds_between --schedules 5000
check 'the exhaustive scheduler runs an operation between two of another thread, too' \
	finds_between --scheduler exhaustive
check 'the corrected version passes' eval 'explore keeps_back_twin \
	--program-file "$dir/between.txt" --scheduler exhaustive >"$dir/out"'

# Runs a program from a file on a broken map and on its corrected version.
cat >"$dir/exchanges.txt" <<-'end'
	# One of the two exchanges must return the value of the other.
	resident = 0
	thread 1 = exchange 0
	thread 2 = exchange 0
end
run_program_file() { # MAP ARGUMENT...
	map=$1; shift
	explore "$map" --program-file "$dir/exchanges.txt" "$@" >"$dir/$map"
}
finds_written() { # ARGUMENT...
	run_program_file lost_update "$@"
	[ $? = 1 ] && grep -q '^FAIL lost_update: .*: not linearizable$' "$dir/lost_update" &&
		grep -q '^thread 2 = exchange 0$' "$dir/lost_update" ||
		{ sed 's/^/# /' "$dir/lost_update"; return 1; }
}
page_program_runs() { # the smallest program on the page is a valid program file
	sed -n '/^the program:$/,/^$/p' "$dir/lost_update" | sed 1d >"$dir/kept.txt"
	explore lost_update --program-file "$dir/kept.txt" --scheduler exhaustive >"$dir/out"
	[ $? = 1 ] && grep -q ' up to 2 preemptions, .*: not linearizable$' "$dir/out" ||
		{ sed 's/^/# /' "$dir/kept.txt" "$dir/out"; return 1; }
}
check 'a program from a file runs under many schedules' finds_written
check 'the command of this finding reproduces it, byte for byte' reproduces lost_update
check 'the exhaustive scheduler runs it once' finds_written --scheduler exhaustive
check 'the command of the exhaustive finding reproduces it, byte for byte' reproduces lost_update
check 'the program of a page is a valid program file' page_program_runs
check 'the corrected version passes all schedules' run_program_file lost_update_twin --scheduler exhaustive
check 'the output counts one program' \
	grep -q ': all [0-9,]* schedules of 1 programs' "$dir/lost_update_twin"
# With --unjudged, a wrong history is not reported, but other findings are.
unjudged() { # MAP: returns the status; writes the output to $dir/MAP
	explore "$1" --unjudged --memory c11 --unstamped --schedules 2000 >"$dir/$1"
}
check '--unjudged does not report a wrong history' unjudged lost_update
check 'the output mentions that answers are not judged' \
	grep -q '^ok   lost_update: .*, answers not judged; ' "$dir/lost_update"
races() { unjudged plain_counter; [ $? = 1 ] && grep -q '^FAIL plain_counter: .*: data race$' "$dir/plain_counter"; }
check '--unjudged reports a data race' races
check 'the command has the options --unstamped and --unjudged' \
	grep -q '^again: .* --unstamped --unjudged ' "$dir/plain_counter"
check 'the command of the data race reproduces it, byte for byte' reproduces plain_counter
accuses_none() {
	explore all --schedules 200 >"$dir/out" && ! grep '^FAIL' "$dir/out"
}
check 'no map that claims to be correct fails in 200 schedules' accuses_none
check 'a map with locks of volatile accesses is skipped with the reason' \
	grep -q '^skip gomap_ck_pflock: it orders by volatile accesses' "$dir/out"
refused() { # WORDS ARGUMENT...
	words=$1; shift
	explore "$@" >"$dir/out" 2>&1
	[ $? = 2 ] && contains "$dir/out" "$words"
}
check 'an unknown map is rejected' refused 'no map is called "nothing"' nothing
check 'a map that is not simulated is rejected with the reason' \
	refused 'ck_ht cannot be explored: it calls ' ck_ht
check 'a number out of range is rejected' refused 'expected a number from 1 to 7' \
	gomap_rw --threads 8
check 'an unknown memory model is rejected' refused 'expected sc, tso or c11' \
	gomap_rw --memory arm
check 'exhaustive rejects a memory model' refused \
	'exhaustive supports only sequentially consistent memory (sc)' \
	gomap_rw --scheduler exhaustive --memory tso
check 'an unknown scheduler is rejected' refused 'expected mix, random, pct, stall, fair or exhaustive' \
	gomap_rw --scheduler luck
for option in --programs --preemptions --program; do
	check "$option without exhaustive is rejected" \
		refused "$option: only with --scheduler exhaustive" gomap_rw $option 3
done
check '--depth without changes of priority is rejected' refused \
	'--depth: only with --scheduler pct or mix' gomap_rw --scheduler random --depth 2
check 'exhaustive rejects a fourth thread' refused '--threads 4: at most 3 with exhaustive' \
	gomap_rw --scheduler exhaustive --threads 4
echo 'thread 1 = put 0' >"$dir/wrong.txt"
check 'an error in a program file has its line' refused \
	"$dir/wrong.txt:1: \"put\", expected an operation" gomap_rw --program-file "$dir/wrong.txt"
check 'a missing program file is rejected' refused "$dir/none.txt: " gomap_rw --program-file "$dir/none.txt"
check 'an option that the program file sets is rejected' refused 'set by the program file' \
	gomap_rw --program-file "$dir/exchanges.txt" --threads 2
check 'a map without a required operation is skipped with the reason' sh -c "
	echo 'thread 1 = update 0' >'$dir/update.txt'
	'$build/readmostly' explore all --program-file '$dir/update.txt' --schedules 10 |
		grep -q '^skip .*: the map does not offer update 0$'"
check 'a finished enumeration prints that it ran all schedules' \
	passes_exhaustively gomap_rw 'all [0-9,]+ schedules of 4 programs'
check 'an unfinished enumeration does not print this' passes_exhaustively syncmap \
	'stopped at 2,000 schedules of a program; [0-9,]+ tried in all, [0-3] of 4 programs completely,'
skips_named() {
	explore null_map >"$dir/out"
	[ $? = 3 ] && contains "$dir/out" 'skip null_map: the map holds nothing'
}
check 'a stateless map is skipped with the reason, and status 3 if named' \
	skips_named
# Explores a copy of a map outside of the tree. The command that reproduces the finding names this
# file.
outside() {
	cp verify/corpora/explored/double_free.c "$dir/strange.c"
	sed -i 's/double_free/strange/g' "$dir/strange.c"
	"$build/readmostly" explore "$dir/strange.c" --schedules 100 >"$dir/strange"
	[ $? = 1 ] && grep -q '^FAIL strange: .*: bad free$' "$dir/strange" &&
		grep -q "^again: readmostly explore $dir/strange.c --seed" "$dir/strange" ||
		{ sed 's/^/# /' "$dir/strange"; return 1; }
}
check 'a map outside of the tree is built and explored' outside
check 'the command of this finding reproduces it, byte for byte' reproduces strange
done_testing
