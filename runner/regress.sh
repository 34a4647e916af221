#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# regress.sh BASE COPY HEAD [ARGUMENTS of run] - `make regress`: measures three arms and decides. An arm is a folder of
# map programs, or one program. HEAD may be ARM+2%, to test the gate.
# RUNNER: the program that runs them (default: readmostly next to the folder HEAD, or the file HEAD).
# LOCK: held until the end, including the explanation of a failure, so that gates do not disturb each other.
# REF, COMMIT: the source of base. MAPS, CELLS, WORKLOAD: a part of the plan, or another plan
# (docs/method/gate.md). FAIL_AT=5%: only cells that are at least 5 % slower fail. MINUTES: time limit. BUSY=ok:
# continue on a busy machine. PLAN: a folder of workloads that replaces the mode's.
# NOTES: a file of lines KEY=TEXT, stored in the campaign; maps in its key `same` have equal programs in base and head,
# pass, and are not measured.
# --resume continues a run; --set blocks= sets the number of blocks. Status: the verdict's (report/gate/__main__.py); 3
# also if the machine is busy and nothing was started; 75 interrupted.
case ${1:-} in -h | --help) sed -n '3,/^[^#]/s/^# //p' "$0"; exit ;; esac
. runner/base/environment.sh
[ $# -ge 3 ] || { echo "regress: expected BASE COPY HEAD; use make regress BASE=ref, or --help" >&2; exit 2; }
base=$1 copy=$2 head=$3
shift 3
runner=${RUNNER:-${head%+*}}
[ ! -d "$runner" ] || runner=$(dirname "$runner")/readmostly
find_python || exit 2
say() { echo "regress: $*" >&2; }
case ${MINUTES:-1} in *[!0-9]* | 0*) say "MINUTES=$MINUTES: expected a number from 1"; exit 2 ;; esac
settings=$("$python" -m report.gate.plan settings "${FAIL_AT:-}") || exit
read -r allowed_s calibration_blocks repeat_wait repeat_most <<SETTINGS
$settings
SETTINGS
[ "${MINUTES:-}" ] && allowed_s=$((MINUTES * 60))
no_room() {
	say "${TMPDIR:-/tmp}: no space left on its disk: make room (df -h ${TMPDIR:-/tmp}) or set TMPDIR," \
		"then run the same command again"
}
dir=$(mktemp -d 2>/dev/null) || { no_room; exit 2; }
trap 'rm -rf "$dir"' EXIT
head -c 4M /dev/zero 2>/dev/null >"$dir/room" || { no_room; exit 2; } # space for a calibration
rm "$dir/room"
if [ "${LOCK:-}" ]; then
	mkdir -p "$(dirname "$LOCK")" && : >>"$LOCK" || { say "$LOCK cannot be written"; exit 2; }
	take_lock 9 "$LOCK"
fi

# Arguments of run that this script needs.
out='' resume='' by_hand='' before=''
for word in "$@"; do
	case $before$word in
	-o* | --output*) out=${word#-o}; out=${out#--output=} ;;
	--resume) resume=1 ;;
	--set=blocks=* | --setblocks=*) by_hand=1 ;;
	esac
	case $word in -o | --output | --set) before=$word ;; *) before='' ;; esac
done

decide() { # OUTPUT of run: judges the campaign in its folder, and explains a failure
	cat "$1" >&2
	campaign=$(sed -n 's/^\(campaign:\|resuming\) //p' "$1")
	# run has printed the reason
	[ -f "$campaign/campaign.json" ] || return 2
	"$python" -m report.gate "$campaign"
	status=$?
	[ $status != 1 ] || [ "${WHY:-}" = no ] || PYTHON=$python \
		runner/why.sh time "$campaign" "$campaign/report/why" "$base" "${head%+*}"
	return $status
}
if [ $resume ]; then
	"$runner" run --no-page "$@" >"$dir/said"
	ran=$?
	[ $ran = 2 ] || [ $ran = 75 ] && { cat "$dir/said" >&2; exit $ran; }
	decide "$dir/said"
	exit
fi

# A killed campaign has no verdict, so this only reports it.
for folder in "$(dirname "${out:-results/x}")"/*/; do
	grep -qs '"regress-slow"' "$folder/campaign.json" || continue
	[ -f "$folder/report/verdicts.json" ] ||
		say "${folder%/} was interrupted and has no verdict: readmostly run -o ${folder%/} --resume, or remove it"
done

# The plan, and the selected part of it.
same=''
[ ! -f "${NOTES:-}" ] || same=$(sed -n 's/^same=//p' "$NOTES")
if [ "${WORKLOAD:-}" ]; then
	[ -f "$WORKLOAD" ] || WORKLOAD=workloads/${WORKLOAD%.conf}.conf
	plan="$WORKLOAD workloads/regress-aa.conf workloads/regress-slow.conf"
elif [ "${PLAN:-}" ]; then
	plan=$(echo "$PLAN"/*.conf)
else
	plan='--mode regress'
fi
# With MAPS, only these maps and those of the controls are needed, although the workload files name more.
if [ "${MAPS:-}" ] && [ -z "${PLAN:-}" ]; then
	controls=$(sed -n 's/^maps *= *//p' workloads/regress-aa.conf workloads/regress-slow.conf)
	plan="--maps $("$runner" dev list --ids |
		grep -xF "$(echo "$MAPS $controls" | tr -s ', ' '\n')" | paste -sd,) $plan"
fi
# shellcheck disable=SC2086
"$runner" plan --json $plan >"$dir/plan" &&
	"$python" -m report.gate.plan cells "${MAPS:-}" "${CELLS:-}" "$same" \
		<"$dir/plan" >"$dir/cells" || exit 2
[ -s "$dir/cells" ] || {
	echo "verdict: PASS (same program in base and head: $same)"
	exit 0
}

# On a busy machine a minute of measuring would end without a verdict, so check first.
if ! look=$("$runner" env doctor --busy); then
	say "$look"
	if [ "${BUSY:-}" != ok ]; then
		say "nothing was started: stop other work (top -b -n 1 -o %CPU | head -15), or wait, or set BUSY=ok"
		exit 3
	fi
fi

measure() { # ARGUMENTS of run; adds the options that all campaigns share
	# shellcheck disable=SC2086 # words
	"$runner" run --no-page --busy-ok --counters none --cells-from "$dir/cells" \
		--set "repeat-wait=$repeat_wait" --set "repeat-most=$repeat_most" "$@" $plan
}

# Calibration: comparing base with its copy gives the number of blocks that this machine needs.
if [ ! $by_hand ]; then
	begun=$(uptime_s)
	say "calibration: $calibration_blocks blocks of base alone"
	measure --arms "base=$base,copy=$copy" \
		--set "blocks=$calibration_blocks" -o "$dir/noise" >"$dir/said" 2>"$dir/err"
	ran=$?
	[ $ran = 75 ] && exit 75
	[ $ran = 2 ] && { cat "$dir/err" >&2; exit 2; }
	! grep -q 'cannot be written' "$dir/err" || { no_room; exit 2; }
	# the run will have the same overhead
	spent=$(($(uptime_s) - begun))
	left=$((allowed_s - 2 * spent))
	"$python" -m report.gate.plan blocks "$dir/noise" $((left > 0 ? left : 0)) \
		>"$dir/sized" || { status=$?; cat "$dir/err" >&2; exit $status; }
	set -- --set "blocks=$(sed -n 1p "$dir/sized")" \
		--note "noise=$(sed -n 2p "$dir/sized")" "$@"
fi

changed=$(git status --porcelain 2>/dev/null | head -1)
[ "${NOTES:-}" ] && while IFS= read -r word; do
	set -- "$@" --note "$word"
done <"$NOTES"
[ -z "${FAIL_AT:-}" ] || set -- "$@" --note "fail_at=$FAIL_AT"
[ -z "$changed" ] || [ "${NOTES:-}" ] || say "head is $(git rev-parse --short HEAD) with uncommitted changes"
measure \
	--arms "base=$base,head=$head" \
	--arms "regress-aa:base=$base,copy=$copy" \
	--arms "regress-slow:base=$base,slow=$base+2%" \
	--note "ref=${REF:-base}" --note "commit=${COMMIT:-unknown}" \
	--note "head=$(git rev-parse -q --verify HEAD 2>/dev/null || echo unknown)${changed:+ and changes}" \
	--note "rules=$(sha256sum report/gate/regress.json | cut -d' ' -f1)" \
	"$@" >"$dir/said"
ran=$?
[ $ran = 2 ] || [ $ran = 75 ] && { cat "$dir/said" >&2; exit $ran; }
decide "$dir/said"
