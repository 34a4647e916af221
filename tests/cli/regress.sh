#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The gate on real trials, which are there to show that programs are built, run
# and paired as they must be: noise may leave their verdict open. That the gate
# decides is shown on planted ones, played by fake_trial with a cost and half a
# percent of noise from the seed: the same verdict on each machine.
# slow: over five seconds of CPU time; not part of `make check`.
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
gate() { # NAME HEAD ARGUMENTS...: sets status; its table is in $dir/NAME
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
check "base against itself is not FAIL" [ $status = 0 -o $status = 3 ]
check "it has an A/A control" says "$dir/same" "A/A gomap_rw 64Ki fresh t1"
check "it has a slowed control" says "$dir/same" "slowed gomap_rw 64Ki fresh t1"
check "every trial gave an answer" [ "$(lines '"status":"failed"')" = 0 ]
check "arms are paired: as many of base as of its mates" \
	[ "$(lines '"arm":"base"')" = "$(lines '"arm":"(head|copy|slow)"')" ]
check "30 blocks of the two cells that were chosen, at the least" \
	[ "$(lines '"arm":"head"')" -ge 60 ]
check "and of no other" [ "$(lines '"arm":"head".*/churn/|"arm":"head".*syncmap')" = 0 ]
check "a number of blocks by hand is no calibration" \
	sh -c "! grep -q '\"noise\"' '$dir/results/same/campaign.json'"
check "the last line is the page" grep -q '^report: .*index.html$' "$dir/same"
check "what base was built from is kept" \
	says "$dir/results/same/campaign.json" '"commit": "abc"'
check "validate finds the campaign whole" \
	"$dir/base/readmostly" dev validate "$dir/results/same"

# Arms as `make regress MAPS=shard_rw_32` builds them lack maps of the plan.
make -s BUILD="$build" OUT="$dir/some" NEEDED='plain/gomap_rw plain/shard_rw_32' programs \
	>"$dir/made" 2>&1 || sed 's/^/# /' "$dir/made"
for arm in copy head; do
	cp -r "$dir/some/maps" "$dir/some/$arm"
done
base=$dir/some/maps runner=$dir/some/readmostly copy=$dir/some/copy MAPS=shard_rw_32
gate few "$dir/some/head" --set blocks=30
base=$dir/base/maps runner=$dir/base/readmostly copy=$dir/copy MAPS=gomap_rw
check "programs with some maps are asked for these" [ $status = 0 -o $status = 3 ]
check "and measured with the controls' map" \
	[ "$(lines '"arm":"head".*/shard_rw_32/')" -ge 30 -a "$(lines '"arm":"slow".*/gomap_rw/')" -ge 30 ]

# A head that crashes is FAIL whatever the noise, and named.
cat >"$dir/crash" <<SCRIPT
#!/bin/sh
kill -SEGV \$\$
SCRIPT
chmod +x "$dir/crash"
gate crashed "$dir/crash" --set blocks=30
check "a head that crashes is FAIL" [ $status = 1 ]
check "and named" says "$dir/crashed" "head in block 0: failed, ended by signal 11"
gate gone "$dir/none" --set blocks=30
check "a head that is not there is status 2" [ $status = 2 ]
check "and is named" says "$dir/gone.err" "arm head: "
rm -r "$dir/copy"
cp "$build/tests/fake_trial" "$dir/copy"
gate other "$dir/head" --set blocks=30
check "a copy of other content is status 2" [ $status = 2 ]
check "and is named, too" says "$dir/other.err" "expected a copy of base"

# Planted trials: the same programs, arms and pages, and rates that are known.
mkdir "$dir/planted"
for arm in base copy head; do
	cp --reflink=never "$build/tests/fake_trial" "$dir/planted/$arm"
done
base=$dir/planted/base
cp --reflink=never "$base" "$dir/copy"
planted() { # NAME WORD STATUS [NAME=SHARE that is slower [HEAD]]
	RM_FAKE=regress=cost:20 RM_FAKE_SLOW=$4 \
		gate "$1" "${5:-$dir/planted/head}"
	[ $status = "$3" ] && grep -q "^verdict: $2" "$dir/$1"
}
CELLS=
check "an equal head is PASS" planted equal PASS 0
CELLS='*1Ki update*'
check "the whole plan was run" \
	[ "$(grep -cE 'PASS: (less|faster)' "$dir/equal")" = 6 ]
check "base's noise, from which the blocks come, is in the campaign" \
	/usr/bin/python3 - "$dir/results/equal" <<'END'
import json, sys
meta = json.load(open(sys.argv[1] + "/campaign.json"))
noise = json.loads(meta["notes"]["noise"])
first = json.loads(open(sys.argv[1] + "/trials.jsonl").readline())
print("#", noise["block_s"], {len(d) for d in noise["pairs"].values()})
sys.exit(not (len(noise["pairs"]) == 6 and first["started_utc"] >
              meta["created_utc"]))
END
check "ns of a thread and operation are those that were planted" \
	/usr/bin/python3 - "$dir/results/equal" <<'END'
import json, sys
said = json.load(open(sys.argv[1] + "/report/verdicts.json"))
found = {c["cell"].split("/")[0]: c["base_ns_per_op"]
         for c in said["cells"] + said["advice"]}
print("#", found)
sys.exit(not (set(found) == {"regress"} and
              all(abs(ns - 20) < 0.1 for ns in found.values())))
END
check "a head that does 2 % more is FAIL" \
	planted more FAIL 1 '' "$dir/planted/head+2%"
# Started by the search for functions that run other instructions.
mkdir "$dir/witness"
cat >"$dir/witness/valgrind" <<SCRIPT
#!/bin/sh
flock -n "$dir/lock" true || : >"$dir/locked"
SCRIPT
chmod +x "$dir/witness/valgrind"
path=$PATH PATH=$dir/witness:$PATH
check "a head that is 3 % slower is FAIL" planted slower FAIL 1 head=0.03
check "and no other run begins while its functions are compared" [ -e "$dir/locked" ]
PATH=$path
check "a head that is 3 % faster is PASS" planted faster PASS 0 head=-0.03
# Maps whose programs are equal in base and head, as runner/regress_arms.sh notes them.
echo 'same=snapshot syncmap' >"$dir/notes"
MAPS='shard_rw_32 syncmap' NOTES=$dir/notes CELLS='*1Ki update*'
export NOTES
check "a map with an equal program passes beside the others" planted part PASS 0
check "and has no trial" \
	[ "$(lines /syncmap/) $(lines '"arm":"head".*/shard_rw_32/' | sed 's/^[1-9].*/some/')" = '0 some' ]
for file in verdicts.json gate.md index.html; do
	check "$file names it" grep -q syncmap "$dir/results/part/report/$file"
done
check "and the table does" grep -qx 'PASS: same program: syncmap' "$dir/part"
MAPS=syncmap
gate all_same "$dir/planted/head"
check "where no program differs it passes at once" eval '[ $status = 0 ] && [ ! -e "$dir/results/all_same" ] &&
	says "$dir/all_same" "verdict: PASS (same program in base and head: snapshot syncmap)"'
MAPS=gomap_rw NOTES=
check "a copy of base that is 3 % slower leaves no verdict" \
	planted odd_copy INVALID 3 copy=0.03

# Others work here, as a played machine says: nothing is begun.
mkdir -p "$dir/busy/proc/pressure"
echo 'some avg10=77.00 avg60=9.00' >"$dir/busy/proc/pressure/cpu"
cat >"$dir/runner" <<SCRIPT
#!/bin/sh
RM_SYSFS=$dir/busy exec "$dir/base/readmostly" "\$@"
SCRIPT
chmod +x "$dir/runner"
begun=$(date +%s)
BUSY='' RUNNER=$dir/runner runner/regress.sh "$base" "$dir/copy" "$dir/head" \
	-o "$dir/results/looked" >"$dir/said" 2>&1
status=$?
check "on a busy machine nothing is begun, status 3" \
	[ $status = 3 -a ! -e "$dir/results/looked" ]
check "it says why, and what to do" sh -c \
	"grep -q 'waited for a CPU in 77.0 %' '$dir/said' && grep -q 'BUSY=ok' '$dir/said'"
check "at once" [ $(($(date +%s) - begun)) -le 60 ]

# What was killed before its verdict is told of by the next run.
mkdir "$dir/results/killed"
cp "$dir/results/equal/campaign.json" "$dir/results/killed"
MAPS=nix
gate next "$dir/head"
check "a run that was killed is named by the next" \
	says "$dir/next.err" "results/killed was interrupted and has no verdict"
check "and one that has a verdict is not" \
	sh -c "! grep -q results/equal '$dir/next.err'"
check "a map that the plan has not is named, with those that it has" \
	says "$dir/next.err" "MAPS=nix: no cell of the plan; expected some of gomap_rw"
check "with status 2" [ $status = 2 ]
export MINUTES=soon
gate next "$dir/head"
check "minutes that are none are named" says "$dir/next.err" "MINUTES=soon"

unset MINUTES
refused() { # WORDS ARGUMENTS of make: it fails, and says them on stderr
	words=$1; shift
	make -s LOCK="$dir/lock" "$@" >"$dir/said" 2>"$dir/err" && return 1
	says "$dir/err" "$words"
}
check "a ref that is none is named" \
	refused "no-such-ref: no such commit" regress BASE=no-such-ref
check "make regress needs a BASE" refused "expected BASE=<git ref>" regress
done_testing
