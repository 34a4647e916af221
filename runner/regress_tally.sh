#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# regress_tally.sh BASE COPY [SAME SLOW] - `make regress-tally`: runs the gate
# SAME times on base against its copy and SLOW times on a head that does 2 %
# more, appends each to the tally, and says whether the bar is met. The slow
# runs are spread: a bad quarter of an hour must not hit one kind only. GATE
# and TALLY stand in for runner/regress.sh and docs/tally in tests.
base=$1 copy=$2 same=${3:-20} slow=${4:-10}
total=$((same + slow))
python=$(report/find_python.sh) || exit 2
export BUSY="${BUSY-ok}" # a machine as it is: the tally says what came of it
tally=${TALLY:-docs/tally/regress.jsonl}
results=${RESULTS:-build/regress-tally}
rm -rf "$results"
for i in $(seq $total); do
	head=$copy
	[ $((i * slow / total)) -gt $(((i - 1) * slow / total)) ] && head=$copy+2%
	RUNNER=$base "${GATE:-runner/regress.sh}" "$base" "$copy" "$head" \
		-o "$results/$i" >"$results.$$" 2>&1
	status=$?
	# 0, 1 and 3 are verdicts
	case $status in 0 | 1 | 3) ;; *) cat "$results.$$" >&2; exit $status ;; esac
	rm -f "$results.$$"
	"$python" -m report.regress_tally --tally "$tally" "$results/$i" || exit
done
"$python" -m report.regress_tally --tally "$tally" --last $total
