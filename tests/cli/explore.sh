#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `readmostly explore`: each bug of verify/corpora/explored/tools.tsv is found
# within the schedules that stand there, as what stands there; its twin, and
# right maps, are not accused; a finding is the same on one CPU and on two, and
# shows itself again, byte for byte. So is what only weak memory shows: memory.tsv.
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

# finds ID FINDING SCHEDULES: within so many, by this name.
finds() {
	explore "$1" --schedules "$3" >"$dir/$1"
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
# The page without the line of the run that found it.
page() { sed 1d "$dir/$1"; }
# shellcheck disable=SC2086
again() { # ID: what its last line says gives the same page
	line=$(sed -n 's/^again: readmostly explore //p' "$dir/$1")
	explore $line >"$dir/again"
	[ $? = 1 ] && page "$1" | cmp - "$dir/again"
}
on_one_cpu() { # ID SCHEDULES
	explore "$1" --schedules "$2" --cpus 1 | sed 1d >"$dir/one"
	page "$1" | cmp - "$dir/one"
}

explore() { # MAP ARGUMENT...: by its program
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
	check "$id: its line shows it again, byte for byte" again "$id"
	check "$id: one CPU finds the same" on_one_cpu "$id" "$schedules"
	check "$id: source lines of the map are shown" grep -q '\.[ch]:[0-9]' "$dir/$id"
	check "$id: its twin passes $right_schedules" passes "${id}_twin"
done <"$dir/bugs"
check 'what is written is on the page' grep -q ' plain_counter.c:[0-9]* writes 1$' "$dir/plain_counter"
check 'a pointer is a place of the heap, the same in each run' \
	grep -q ' plain_counter.c:[0-9]* reads heap+0x[0-9a-f]*$' "$dir/plain_counter"
check 'keys that collide are on the page' grep -q '^collide  = yes$' "$dir/slabhash_27"
check 'and that an operation is repeated' grep -Eq '^thread [1-7] = [0-9]+ x ' "$dir/ck_212"
for map in gomap_rw gomap_mutex syncmap shard_rw_32 hashtriemap; do
	check "$map passes $right_schedules schedules" right_passes $map sc
done

# What only weak memory shows, under the model that shows it: not under sc, the
# same again, on one CPU, and not of the twin.
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
says_of_memory() { # ID MODEL
	case $2 in
	c11) grep -Eq 'an older value, (from before the threads|stored by thread [1-7] at .*\.[ch]:[0-9]+)$' "$dir/$1" ;;
	tso) grep -q 'stores into its buffer [^ ]*$' "$dir/$1" && grep -q 'has left the buffer$' "$dir/$1" ;;
	esac
}
# A clear that waited for memory went on in a table that was freed meanwhile: in
# schedule 1246, before that was mended.
check 'segments that grow while a clear waits for memory pass' \
	weak_passes limited_seg_grow --memory c11 --threads 4 --ops 8 --seed 2 --schedules 2000
grep -v '^#' "$weak" >"$dir/weak"
while IFS='	' read -r id folder finding schedules model; do
	check "$id is found under $model within $schedules schedules: $finding" \
		finds_weak "$id" "$finding" "$schedules" "$model"
	check "$id: the page shows what memory did" says_of_memory "$id" "$model"
	check "$id: its line shows it again, byte for byte" again "$id"
	check "$id: one CPU finds the same" weak_on_one_cpu "$id" "$schedules" "$model"
	check "$id passes under sc" weak_passes "$id" --schedules "$schedules"
	check "$id: its twin passes $right_schedules under $model" weak_passes "${id}_twin" \
		--schedules $right_schedules --memory "$model"
done <"$dir/weak"
for model in tso c11; do
	for map in gomap_rw syncmap hashtriemap snapshot; do
		check "$map passes $right_schedules schedules under $model" right_passes "$map" $model
	done
done

# All schedules of small programs: what is found there, again, and the words.
exhausts() { # ID FINDING
	explore "$1" --scheduler exhaustive --schedules 5000 >"$dir/$1"
	[ $? = 1 ] && grep -q "^FAIL $1: .* up to 2 preemptions, .*: $2\$" "$dir/$1" ||
		{ sed 's/^/# /' "$dir/$1"; return 1; }
}
spares() { # MAP WORDS
	explore "$1" --scheduler exhaustive --ops 1 --programs 4 --schedules 2000 >"$dir/out" &&
		grep -Eq "^ok   $1: $2 up to 2 preemptions: none fails, .* 0 undecided" "$dir/out" ||
		{ sed 's/^/# /' "$dir/out"; return 1; }
}
while read -r id finding; do
	check "$id is found by all schedules: $finding" exhausts "$id" "$finding"
	check "$id: its line shows it again, byte for byte" again "$id"
	check "$id: its twin is not accused" spares "${id}_twin" '.*'
done <<-'end'
	lost_update not linearizable
	lock_order deadlock
	folly_1280 data race
end

# Between two operations of a thread another one's has room, also where nothing
# is accessed there.
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
check 'an operation comes between two of another thread' finds_between --schedules 5000
check 'also where schedules are exhausted' finds_between --scheduler exhaustive
check 'of a right map none of these fails' eval 'explore keeps_back_twin \
	--program-file "$dir/between.txt" --scheduler exhaustive >"$dir/out"'

# A program that somebody wrote: what it shows of a wrong map, and of its twin.
cat >"$dir/exchanges.txt" <<-'end'
	# Of two that exchange one gets what the other gave.
	resident = 0
	thread 1 = exchange 0
	thread 2 = exchange 0
end
written() { # MAP ARGUMENT...
	map=$1; shift
	explore "$map" --program-file "$dir/exchanges.txt" "$@" >"$dir/$map"
}
finds_written() { # ARGUMENT...
	written lost_update "$@"
	[ $? = 1 ] && grep -q '^FAIL lost_update: .*: not linearizable$' "$dir/lost_update" &&
		grep -q '^thread 2 = exchange 0$' "$dir/lost_update" ||
		{ sed 's/^/# /' "$dir/lost_update"; return 1; }
}
kept() { # the smallest program on the page is a program file
	sed -n '/^the program:$/,/^$/p' "$dir/lost_update" | sed 1d >"$dir/kept.txt"
	explore lost_update --program-file "$dir/kept.txt" --scheduler exhaustive >"$dir/out"
	[ $? = 1 ] && grep -q ' up to 2 preemptions, .*: not linearizable$' "$dir/out" ||
		{ sed 's/^/# /' "$dir/kept.txt" "$dir/out"; return 1; }
}
check 'a program that was written is drawn under many schedules' finds_written
check 'its line shows it again, byte for byte' again lost_update
check 'it is exhausted, once' finds_written --scheduler exhaustive
check 'its line shows it again, byte for byte' again lost_update
check 'the program of a page is one that can be given' kept
check 'the twin passes all schedules of it' written lost_update_twin --scheduler exhaustive
check 'and all means one program' grep -q ': all [0-9,]* schedules of 1 programs' "$dir/lost_update_twin"
# Without a judge the history accuses nobody, and the rest does.
unjudged() { # MAP: status of the run, its line in $dir/MAP
	explore "$1" --unjudged --memory c11 --unstamped --schedules 2000 >"$dir/$1"
}
check 'a wrong history is not seen by whom nobody asks to judge' unjudged lost_update
check 'and the line says so' grep -q '^ok   lost_update: .*, answers not judged; ' "$dir/lost_update"
races() { unjudged plain_counter; [ $? = 1 ] && grep -q '^FAIL plain_counter: .*: data race$' "$dir/plain_counter"; }
check 'a race is found by it all the same' races
check 'its line says so' grep -q '^again: .* --unstamped --unjudged ' "$dir/plain_counter"
check 'its line shows it again, byte for byte' again plain_counter
accuses_none() {
	explore all --schedules 200 >"$dir/out" && ! grep '^FAIL' "$dir/out"
}
check 'no map that says it is right is accused in 200 schedules' accuses_none
check 'a map whose locks are volatile accesses is skipped with the reason' \
	grep -q '^skip gomap_ck_pflock: it orders by volatile accesses' "$dir/out"
refused() { # WORDS ARGUMENT...
	words=$1; shift
	explore "$@" >"$dir/out" 2>&1
	[ $? = 2 ] && says "$dir/out" "$words"
}
check 'an unknown map is refused' refused 'no map is called "nothing"' nothing
check 'a map that is not simulated is refused with the reason' \
	refused 'ck_ht cannot be explored: it calls ' ck_ht
check 'a number out of its range is refused' refused 'expected a number from 1 to 7' \
	gomap_rw --threads 8
check 'an unknown model of memory is refused' refused 'expected sc, tso or c11' \
	gomap_rw --memory arm
check 'exhaustive rejects a memory model' refused \
	'exhaustive supports only sequentially consistent memory (sc)' \
	gomap_rw --scheduler exhaustive --memory tso
check 'an unknown scheduler is refused' refused 'expected mix, random, pct, stall or exhaustive' \
	gomap_rw --scheduler luck
for option in --programs --preemptions --program; do
	check "$option without exhaustive would do nothing, and is refused" \
		refused "$option: only with --scheduler exhaustive" gomap_rw $option 3
done
check 'so is a depth without changes of priority' refused \
	'--depth: only with --scheduler pct or mix' gomap_rw --scheduler random --depth 2
check 'exhaustive rejects a fourth thread' refused '--threads 4: at most 3 with exhaustive' \
	gomap_rw --scheduler exhaustive --threads 4
echo 'thread 1 = put 0' >"$dir/wrong.txt"
check 'a mistake in a program file is reported with its line' refused \
	"$dir/wrong.txt:1: \"put\", expected an operation" gomap_rw --program-file "$dir/wrong.txt"
check 'a program that is not there is refused' refused "$dir/none.txt: " gomap_rw --program-file "$dir/none.txt"
check 'options that the program file sets are rejected' refused 'set by the program file' \
	gomap_rw --program-file "$dir/exchanges.txt" --threads 2
check 'a map that lacks an operation is skipped with the reason' sh -c "
	echo 'thread 1 = update 0' >'$dir/update.txt'
	'$build/readmostly' explore all --program-file '$dir/update.txt' --schedules 10 |
		grep -q '^skip .*: the map does not offer update 0$'"
check 'what comes to its end is called all' spares gomap_rw 'all [0-9,]+ schedules of 4 programs'
check 'what does not is not' spares syncmap \
	'stopped at 2,000 schedules of a program, [0-9,]+ tried, [0-3] of 4 programs to their end,'
skips_named() {
	explore null_map >"$dir/out"
	[ $? = 3 ] && says "$dir/out" 'skip null_map: the map holds nothing'
}
check 'a map without state is skipped with the reason, which is no pass where it was named' \
	skips_named
# A copy, from outside of the tree; the line that shows it again names it.
outside() {
	cp verify/corpora/explored/double_free.c "$dir/strange.c"
	sed -i 's/double_free/strange/g' "$dir/strange.c"
	"$build/readmostly" explore "$dir/strange.c" --schedules 100 >"$dir/strange"
	[ $? = 1 ] && grep -q '^FAIL strange: .*: bad free$' "$dir/strange" &&
		grep -q "^again: readmostly explore $dir/strange.c --seed" "$dir/strange" ||
		{ sed 's/^/# /' "$dir/strange"; return 1; }
}
check 'a map from outside of the tree is built and explored' outside
check 'its line shows it again, byte for byte' again strange
done_testing
