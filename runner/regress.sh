#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# regress.sh BASE COPY HEAD [ARGUMENTS of run] - `make regress`: measures three
# programs against each other, then decides. HEAD may be FILE+2%, for a test of
# the gate. RUNNER: the program that runs them (HEAD's file); LOCK: held while
# trials run, so that no two gates disturb each other; REF, COMMIT: what base
# was built from. Status: the verdict's (report/regress.py); 75: interrupted.
base=$1 copy=$2 head=$3
shift 3
runner=${RUNNER:-${head%+*}}
python=$(report/find_python.sh) || exit 2
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
if [ "${LOCK:-}" ]; then
	mkdir -p "$(dirname "$LOCK")"
	exec 9>"$LOCK"
	flock 9
fi
"$runner" run --mode regress --counters none \
	--arms "base=$base,head=$head" \
	--arms "regress-aa:base=$base,copy=$copy" \
	--arms "regress-slow:base=$base,slow=$base+2%" \
	--note "ref=${REF:-base}" --note "commit=${COMMIT:-unknown}" \
	--note "rules=$(sha256sum report/regress.json | cut -d' ' -f1)" \
	"$@" >"$dir/said"
ran=$?
[ "${LOCK:-}" ] && exec 9>&-
cat "$dir/said" >&2
[ $ran = 2 ] || [ $ran = 75 ] && exit $ran
"$python" -m report.regress "$(sed -n 's/^\(campaign:\|resuming\) //p' "$dir/said")"
