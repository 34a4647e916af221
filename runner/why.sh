#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# why.sh exact|time FOLDER REASONS BASE HEAD - what may tell why a verdict is
# red, of two arms (a folder of map programs, or one program): a map's code by
# objdump, its instructions by cachegrind, and, for a red time, simulated counts of the same cells (of commit
# COMMIT, else that which the campaign names, against the work tree) and this machine's counters
# (COUNTERS=auto, as `readmostly run` takes them; RUNNER runs that, else BASE).
# Then prints the reasons (report/why). INSTRUCTIONS=all counts each red cell,
# of exact each planned one; INSTRUCTIONS=no none.
# Status: 0; 2 usage or input.
unset $(git rev-parse --local-env-vars 2>/dev/null | grep -v CONFIG) # a git hook exports these
export LC_ALL=C
kind=$1 folder=$2 into=$3 base=$4 head=$5
say() { echo "why: $*" >&2; exit 2; }
[ $# = 5 ] || say "expected exact|time FOLDER REASONS BASE HEAD"
python=$(command -v "${PYTHON:-python3}") || say "no python3 here"
rm -rf "$into" && mkdir -p "$into/base" "$into/head" || say "$into cannot be written"
all=()
[ "${INSTRUCTIONS:-}" != all ] || all=(all)
"$python" -m report.why ask "$kind" "$folder" "$into" "${all[@]}" || exit 2
[ -s "$into/ask.json" ] || exit 0

program_of() { # ARM MAP
	if [ -d "$1" ]; then echo "$1/plain/$2"; else echo "$1"; fi
}
listed() { # ARM FOLDER: objdump of the program of each map
	local map program
	while read -r map; do
		program=$(program_of "$2" "$map")
		objdump -t "$program" >"$into/$1/$map.symbols" && objdump -R "$program" >"$into/$1/$map.links" &&
			objdump -s -j .rodata "$program" >"$into/$1/$map.data" &&
			objdump -d --no-show-raw-insn "$program" >"$into/$1/$map.code" || return
	done <"$into/maps"
}
if ! command -v objdump >/dev/null; then
	echo "not compared: objdump is not installed (package binutils)" >"$into/no-code"
elif ! { listed base "$base" && listed head "$head"; } 2>"$into/objdump.err"; then
	echo "not compared: $(tail -n 1 "$into/objdump.err")" >"$into/no-code"
fi

if [ "${INSTRUCTIONS:-}" = no ]; then
	echo "not counted: INSTRUCTIONS=no" >"$into/no-instructions"
elif ! command -v valgrind >/dev/null; then
	echo "not counted: valgrind is not installed (package valgrind)" >"$into/no-instructions"
else
	# One after the other for each CPU: instructions do not know of each other.
	# shellcheck disable=SC2016
	while read -r number map; do
		echo "base $number $(program_of "$base" "$map")"
		echo "head $number $(program_of "$head" "$map")"
	done <"$into/order" | xargs -P "$(nproc)" -L 1 sh -c '
		valgrind --tool=cachegrind --cache-sim=no --fair-sched=yes \
			--cachegrind-out-file="$0/$1/$2.cachegrind" "$3" trial \
			<"$0/requests/$2" >"$0/$1/$2" 2>"$0/$1/$2.err" || :' "$into"
fi

# Trials of their own, after the verdict: counting takes time, and blocks take
# turns where there are more metrics than counters.
counters() {
	local runner=${RUNNER:-$base} want=${COUNTERS:-auto} said
	said=$("$runner" env counters 2>&1)
	if [ "$want" = none ]; then
		echo 'not read: COUNTERS=none' >"$into/no-counters"
	elif [ "$want" = auto ] && grep -q '^auto takes: none$' <<<"$said"; then
		echo "none: $(sed -n 's/^ *why: *//p' <<<"$said" | tail -n 1)" >"$into/no-counters"
	elif ! "$runner" run --busy-ok --counters "$want" --arms "base=$base,head=$head" \
		--cells-from "$into/red" --set measure=counters --set blocks=15 \
		-o "$into/counters" "$into"/plan/*.conf \
		>"$into/counters.said" 2>&1; then
		echo "not read: $(tail -n 1 "$into/counters.said")" >"$into/no-counters"
	fi
}
[ "$kind" != time ] || counters
commit=${COMMIT:-$(cat "$into/commit-of-base" 2>/dev/null)}
if [ "$kind" = time ] && git rev-parse -q --verify "${commit:-none}^{commit}" >"$into/commit" 2>&1; then
	echo "counting what is red on the simulated machine" >&2
	WHY=no PLAN="$(echo "$into"/counts-*.conf)" MAPS='' runner/regress_exact.sh \
		"$commit" '' --json "$into/counts.json" >"$into/counts.txt" 2>&1
	[ -s "$into/counts.json" ] || rm -f "$into/counts.json"
fi
"$python" -m report.why tell "$into"
