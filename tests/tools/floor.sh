#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# floor.sh READMOSTLY check|golden|time - measures the cost of the driver without a map.
#
# check   TAP: instructions per operation of null_map under callgrind, compared with
#         tests/golden/floor.tsv if it has the compiler version, and with the limits
#         for any compiler. Status 1: a comparison failed
# golden  writes the lines of this compiler to tests/golden/floor.tsv
# time    ns per operation, and the ratio of 2 threads to 1, medians of 11
readmostly=$1 what=$2 program=${1%/*}/maps/plain/null_map
golden=tests/golden/floor.tsv
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
shapes='u64x8 u64x24 str16x8 str16x24'

request() { # SHAPE OPS THREADS CPUS
	cat <<END
{"protocol": 2, "seed": 7, "control_extra": 0, "counters": {"backend": "none"},
"cell": {"id": "floor", "workload": "floor", "map": "null_map", "shape": "$1",
"keys": 65536, "write_share": 0.03, "miss_share": 0, "write_kind": "update",
"dist": "uniform", "loop": "mix", "rate_per_s": 0, "arrivals": "poisson",
"threads": $3, "placement": "cores", "memory": "first-touch", "cpus": $4,
"presize": true, "warm_up_ns": ${5:-0}, "window_ns": 0, "window_ops": $2,
"deadline_ns": 120000000000, "verify_ops": 0, "measure": "throughput"}}
END
}

# Instructions inside the closed loop (write path included) for OPS operations.
counted() { # SHAPE OPS
	rm -f "$dir/out"
	request "$1" "$2" 1 '[]' | valgrind --tool=callgrind \
		--callgrind-out-file="$dir/out" \
		--toggle-collect="drive_$1_mix" \
		"$program" trial >/dev/null 2>"$dir/err" || cat "$dir/err" >&2
	sed -n 's/^summary: //p; s/^totals: //p' "$dir/out" | head -n 1
}

# The difference between runs of two lengths does not contain the code around the loop.
per_operation() { # SHAPE
	few=$(counted "$1" 64000) many=$(counted "$1" 640000)
	[ -n "$few" ] && [ -n "$many" ] || { echo nothing; return; }
	awk -v a="$few" -v b="$many" 'BEGIN { printf "%.2f\n", (b - a) / 576000 }'
}

compiler=$("$readmostly" --version | sed -n 's/^compiler: //p')
[ -n "$compiler" ] || { echo "not ok 1 - $readmostly prints its compiler"; exit 1; }
family=${compiler%% *}

limit() { # SHAPE: prints the maximum cost allowed for the driver
	case "$family $1" in
	'gcc u64x8') echo 21 ;;
	'clang u64x8') echo 19 ;;
	*' str16x8') echo 26 ;;
	esac
}

check() {
	n=0 failed=0
	for shape in $shapes; do
		now=$(per_operation "$shape")
		exact=$(awk -F'\t' -v c="$compiler" -v s="$shape" \
			'$1 == c && $2 == s { print $3 }' $golden)
		n=$((n + 1))
		if [ -z "$exact" ]; then
			echo "ok $n - $shape: as recorded # SKIP $compiler has no line in $golden; it takes $now (make golden)"
		elif awk -v a="$now" -v b="$exact" \
			'BEGIN { d = a - b; exit !(d <= 0.011 && d >= -0.011) }'; then
			echo "ok $n - $shape: $now instructions as recorded ($compiler)"
		else
			echo "not ok $n - $shape: $now instructions, recorded $exact ($compiler)"
			failed=1
		fi
		[ -n "$(limit "$shape")" ] || continue
		n=$((n + 1))
		if [ "$now" != nothing ] &&
			awk -v a="$now" -v b="$(limit "$shape")" 'BEGIN { exit !(a <= b) }'; then
			echo "ok $n - $shape: at most $(limit "$shape") instructions per operation"
		else
			echo "not ok $n - $shape: $now instructions, limit $(limit "$shape")"
			failed=1
		fi
	done
	echo "1..$n"
	return $failed
}

golden() {
	mkdir -p tests/golden
	{ [ -f $golden ] && grep -v "^$compiler	" $golden
	for shape in $shapes; do
		printf '%s\t%s\t%s\n' "$compiler" "$shape" "$(per_operation "$shape")"
	done; } | sort >"$dir/new" && cp "$dir/new" $golden && cat $golden
}

median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

ns() { # THREADS CPUS: ns per operation and thread
	request u64x8 20000000 "$1" "$2" 100000000 | "$program" trial |
		sed 's/.*"elapsed_ns":\([0-9]*\).*"ops":\([0-9]*\).*/\1 \2/' |
		awk -v t="$1" '{ print $1 * t / $2 }'
}

time_it() {
	echo "instructions per operation ($compiler):"
	for shape in $shapes; do echo "  $shape $(per_operation "$shape")"; done
	cpus=$(taskset -cp $$ | sed 's/.*: //; s/-/ /; s/,/ /g' | awk '{ print $1, $2 }')
	one=${cpus%% *} two=${cpus##* }
	for i in 1 2 3 4 5 6 7 8 9 10 11; do
		ns 1 "[$one]" >>"$dir/one"
		[ "$one" = "$two" ] || ns 2 "[$one, $two]" >>"$dir/two"
	done
	a=$(median <"$dir/one")
	echo "ns per operation, u64x8, 1 thread, median of 11: $a (aim 1.5)"
	[ -f "$dir/two" ] || { echo "2 threads: one CPU only"; return; }
	b=$(median <"$dir/two")
	echo "2 threads to 1, ns per operation and thread: $(
		awk -v a="$a" -v b="$b" 'BEGIN { printf "%.3f", b / a }') (aim 1.05)"
}

case $what in
check) check ;;
golden) golden ;;
time) time_it ;;
*) sed -n '3,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
