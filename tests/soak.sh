#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# soak.sh - the long form of the checks, and the date it last ran.
# All maps, all checks, 4,000,000 operations each: plainly, and under
# AddressSanitizer, which sees a rare use after free only in long runs.
# Appends one line to docs/tally/soak.jsonl; commit it.
ops=${OPS:-4000000}
tally=docs/tally/soak.jsonl
status=0
mkdir -p docs/tally build

run() { # NAME READMOSTLY
	start=$(date +%s)
	"$2" check all --quiet --ops "$ops" --deadline 1800 | tee "build/soak-$1.log"
	last=$(tail -n 1 "build/soak-$1.log")
	case $last in *' 0 failed'*) verdict=passed ;; *) verdict=failed status=1 ;; esac
	printf '{"date": "%s", "build": "%s", "ops": %s, "commit": "%s", "seconds": %s, "verdict": "%s", "summary": "%s"}\n' \
		"$(date -u +%F)" "$1" "$ops" "$(git rev-parse --short HEAD)" \
		$(($(date +%s) - start)) $verdict "$last" >>$tally
}

run plain "${1:-build/gcc/readmostly}"
run asan build/asan/readmostly
exit $status
