#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests the time gate. Real trials show that programs are built, run and paired correctly. Their
# verdict may be "open" because of noise. Other verdicts are tested with fake_trial, whose trials
# have a given cost and seeded noise of half a percent, so that each machine gives the same verdict.
# slow: two minutes of CPU time for ten whole gates; not part of `make check`.
. tests/tools/tap.sh
build=$(realpath "${BUILD:-build/gcc}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
report/find_python.sh >/dev/null || exit 3
make -s BUILD="$build" OUT="$dir/base" programs \
	NEEDED="$(printf 'plain/%s ' gomap_rw hashtriemap shard_rw_32 shard_seg snapshot syncmap)" >"$dir/made" 2>&1 || sed 's/^/# /' "$dir/made"
for arm in copy head; do
	cp -r --reflink=never "$dir/base/maps" "$dir/$arm"
done

base=$dir/base/maps runner=$dir/base/readmostly copy=$dir/copy
export BUSY=ok MAPS=gomap_rw CELLS='*1Ki update*'
gate() { # NAME HEAD ARGUMENTS...: sets status; writes its table to $dir/NAME
	name=$1 head=$2; shift 2
	RUNNER=$runner REF=v1 COMMIT=abc LOCK=$dir/lock \
		runner/regress.sh "$base" "$copy" "$head" \
		-o "$dir/results/$name" "$@" \
		>"$dir/$name" 2>"$dir/$name.err"
	status=$?
	sed 's/^/# /' "$dir/$name" "$dir/$name.err"
}
lines() { grep -cE -- "$1" "$dir/results/$name/trials.jsonl"; }

CELLS='*Ki update*'
gate same "$dir/head" --set blocks=30
CELLS='*1Ki update*'
check "base compared with itself is not FAIL" [ $status = 0 -o $status = 3 ]
check "the run has an A/A control" contains "$dir/same" "A/A gomap_rw 64Ki fresh t1"
check "the run has a slowed control" contains "$dir/same" "slowed gomap_rw 64Ki fresh t1"
check "every trial gave an answer" [ "$(lines '"status":"failed"')" = 0 ]
check "arms are paired: base has as many trials as its partners" \
	[ "$(lines '"arm":"base"')" = "$(lines '"arm":"(head|copy|slow)"')" ]
check "at least 30 blocks of the two selected cells" \
	[ "$(lines '"arm":"head"')" -ge 60 ]
check "no other cell is measured" [ "$(lines '"arm":"head".*/churn/|"arm":"head".*syncmap')" = 0 ]
check "a given number of blocks needs no calibration" \
	sh -c "! grep -q '\"noise\"' '$dir/results/same/campaign.json'"
check "the last line is the path of the page" grep -q '^report: .*index.html$' "$dir/same"
check "the campaign records the commit of base" \
	contains "$dir/results/same/campaign.json" '"commit": "abc"'
check "the campaign is complete and valid" \
	"$dir/base/readmostly" dev validate "$dir/results/same"

# The arms lack some maps of the plan, as after `make regress MAPS=shard_rw_32`.
make -s BUILD="$build" OUT="$dir/some" NEEDED='plain/gomap_rw plain/shard_rw_32' programs \
	>"$dir/made" 2>&1 || sed 's/^/# /' "$dir/made"
for arm in copy head; do
	cp -r "$dir/some/maps" "$dir/some/$arm"
done
base=$dir/some/maps runner=$dir/some/readmostly copy=$dir/some/copy MAPS=shard_rw_32
gate few "$dir/some/head" --set blocks=30
base=$dir/base/maps runner=$dir/base/readmostly copy=$dir/copy MAPS=gomap_rw
check "programs with some maps measure these" [ $status = 0 -o $status = 3 ]
check "the map of the controls is also measured" \
	[ "$(lines '"arm":"head".*/shard_rw_32/')" -ge 30 -a "$(lines '"arm":"slow".*/gomap_rw/')" -ge 30 ]

# If head crashes, the verdict is FAIL for any noise.
cat >"$dir/crash" <<SCRIPT
#!/bin/sh
kill -SEGV \$\$
SCRIPT
chmod +x "$dir/crash"
gate crashed "$dir/crash" --set blocks=30
check "a head that crashes is FAIL" [ $status = 1 ]
check "the crash of head is reported" \
	contains "$dir/crashed" "head in block 0: failed, ended by signal 11"
gate gone "$dir/none" --set blocks=30
check "a missing head is status 2" [ $status = 2 ]
check "the missing head is reported" contains "$dir/gone.err" "arm head: "
rm -r "$dir/copy"
cp "$build/tests/fake_trial" "$dir/copy"
gate other "$dir/head" --set blocks=30
check "a copy that differs from base is status 2" [ $status = 2 ]
check "the copy that differs is reported" contains "$dir/other.err" "expected a copy of base"

# Fake trials. The programs, arms and pages are real, but the test sets the rates.
mkdir "$dir/planted"
for arm in base copy head; do
	cp --reflink=never "$build/tests/fake_trial" "$dir/planted/$arm"
done
base=$dir/planted/base
cp --reflink=never "$base" "$dir/copy"
gate_fakes() { # NAME WORD STATUS [NAME=SHARE that is slower [HEAD]]
	RM_FAKE=regress=cost:20 RM_FAKE_SLOW=$4 \
		gate "$1" "${5:-$dir/planted/head}"
	[ $status = "$3" ] && grep -q "^verdict: $2" "$dir/$1"
}
CELLS=
check "an equal head is PASS" gate_fakes equal PASS 0
CELLS='*1Ki update*'
check "all cells of the plan ran" \
	[ "$(grep -cE 'PASS: (less|faster)' "$dir/equal")" = 6 ]
check "the campaign records the noise of base, from which blocks are computed" \
	/usr/bin/python3 - "$dir/results/equal" <<'END'
import json, sys
meta = json.load(open(sys.argv[1] + "/campaign.json"))
noise = json.loads(meta["notes"]["noise"])
first = json.loads(open(sys.argv[1] + "/trials.jsonl").readline())
print("#", noise["block_s"], {len(d) for d in noise["pairs"].values()})
sys.exit(not (len(noise["pairs"]) == 6 and first["started_utc"] >
              meta["created_utc"]))
END
check "ns per operation of a thread are those of the fake trials" \
	/usr/bin/python3 - "$dir/results/equal" <<'END'
import json, sys
verdicts = json.load(open(sys.argv[1] + "/report/verdicts.json"))
found = {c["cell"].split("/")[0]: c["base_ns_per_op"]
         for c in verdicts["cells"] + verdicts["advice"]}
print("#", found)
sys.exit(not (set(found) == {"regress"} and
              all(abs(ns - 20) < 0.1 for ns in found.values())))
END
check "a head with 2 % more operations is FAIL" \
	gate_fakes more FAIL 1 '' "$dir/planted/head+2%"
# The search for functions whose instruction counts differ runs valgrind.
mkdir "$dir/witness"
cat >"$dir/witness/valgrind" <<SCRIPT
#!/bin/sh
flock -n "$dir/lock" true || : >"$dir/locked"
SCRIPT
chmod +x "$dir/witness/valgrind"
path=$PATH PATH=$dir/witness:$PATH
check "a head that is 3 % slower is FAIL" gate_fakes slower FAIL 1 head=0.03
check "no other run starts while its functions are compared" [ -e "$dir/locked" ]
PATH=$path
export FAIL_AT=5%
check "with FAIL_AT=5%, a head that is 3 % slower is PASS" gate_fakes raised PASS 0 head=0.03
check "the verdict shows the threshold" grep -q '^verdict: .*; FAIL_AT=5%)$' "$dir/raised"
check "the campaign records it" contains "$dir/results/raised/campaign.json" '"fail_at": "5%"'
FAIL_AT=5
check "another value is refused" eval '! gate_fakes refused x 2 && [ $status = 2 ] &&
	contains "$dir/refused.err" "FAIL_AT=5: expected 1% to less than 50%"'
unset FAIL_AT
check "a head that is 3 % faster is PASS" gate_fakes faster PASS 0 head=-0.03
# Maps whose programs are equal in base and head, in the format of runner/regress_arms.sh.
echo 'same=snapshot syncmap' >"$dir/notes"
MAPS='shard_rw_32 syncmap' NOTES=$dir/notes CELLS='*1Ki update*'
export NOTES
check "a map with an equal program passes together with the other maps" gate_fakes part PASS 0
check "this map has no trial" \
	[ "$(lines /syncmap/) $(lines '"arm":"head".*/shard_rw_32/' | sed 's/^[1-9].*/some/')" = '0 some' ]
for file in verdicts.json gate.md index.html; do
	check "$file lists this map" grep -q syncmap "$dir/results/part/report/$file"
done
check "the table lists this map" grep -qx 'PASS: same program: syncmap' "$dir/part"
MAPS=syncmap
gate all_same "$dir/planted/head"
check "if all programs are equal the gate passes at once" \
	eval '[ $status = 0 ] && [ ! -e "$dir/results/all_same" ] &&
	contains "$dir/all_same" "verdict: PASS (same program in base and head: snapshot syncmap)"'
MAPS=gomap_rw NOTES=
check "a copy of base that is 3 % slower gives no verdict" \
	gate_fakes odd_copy INVALID 3 copy=0.03

# A machine that is busy according to fake files. No trial is started.
mkdir -p "$dir/busy/proc/pressure"
echo 'some avg10=77.00 avg60=9.00' >"$dir/busy/proc/pressure/cpu"
cat >"$dir/runner" <<SCRIPT
#!/bin/sh
RM_SYSFS=$dir/busy exec "$dir/base/readmostly" "\$@"
SCRIPT
chmod +x "$dir/runner"
begun=$(date +%s)
BUSY='' RUNNER=$dir/runner runner/regress.sh "$base" "$dir/copy" "$dir/head" \
	-o "$dir/results/looked" >"$dir/output" 2>&1
status=$?
check "on a busy machine nothing starts: status 3" \
	[ $status = 3 -a ! -e "$dir/results/looked" ]
check "the reason and the remedy are printed" sh -c \
	"grep -q 'waited for a CPU in 77.0 %' '$dir/output' && grep -q 'BUSY=ok' '$dir/output'"
check "the gate ends within a minute" [ $(($(date +%s) - begun)) -le 60 ]

# A run was killed before its verdict. The next run reports it.
mkdir "$dir/results/killed"
cp "$dir/results/equal/campaign.json" "$dir/results/killed"
MAPS=nix
gate next "$dir/head"
check "the next run reports a killed run" \
	contains "$dir/next.err" "results/killed was interrupted and has no verdict"
check "a run with a verdict is not reported" \
	sh -c "! grep -q results/equal '$dir/next.err'"
check "a map that is not in the plan is reported with the maps of the plan" \
	contains "$dir/next.err" "MAPS=nix: no cell of the plan; expected some of gomap_rw"
check "this error is status 2" [ $status = 2 ]
export MINUTES=soon
gate next "$dir/head"
check "invalid minutes are reported" contains "$dir/next.err" "MINUTES=soon"

unset MINUTES
refused() { # fails with the words on standard error
	words=$1; shift
	make -s LOCK="$dir/lock" "$@" >"$dir/output" 2>"$dir/err" && return 1
	contains "$dir/err" "$words"
}
check "an invalid ref is reported" \
	refused "no-such-ref: no such commit" regress BASE=no-such-ref
check "make regress requires BASE" refused "expected BASE=<git ref>" regress
done_testing
