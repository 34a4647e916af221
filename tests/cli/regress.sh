#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The gate on real trials: base against itself, and against a head that does
# 2 % more. Noise may leave either undecided; wrong it may not be.
# Half the planned blocks: this shows that it works, regress-tally how well.
# slow: over five seconds of CPU time; not part of `make check`.
. tests/tools/tap.sh
build=$(realpath "${BUILD:-build/gcc}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
report/find_python.sh >/dev/null || exit 3
for arm in copy head; do
	cp --reflink=never "$build/readmostly" "$dir/$arm"
done

gate() { # NAME HEAD ARGUMENTS...: sets status; its table is in $dir/NAME
	name=$1 head=$2; shift 2
	RUNNER=$build/readmostly REF=v1 COMMIT=abc LOCK=$dir/lock \
		runner/regress.sh "$build/readmostly" "$dir/copy" "$head" \
		-o "$dir/results/$name" --set blocks=30 "$@" \
		>"$dir/$name" 2>"$dir/$name.err"
	status=$?
	sed 's/^/# /' "$dir/$name" "$dir/$name.err"
}
lines() { grep -cE -- "$1" "$dir/results/$name/trials.jsonl"; }

gate same "$dir/head"
check "base against itself is not FAIL" [ $status = 0 -o $status = 3 ]
check "it has an A/A control" says "$dir/same" "A/A gomap_rw t1"
check "it has a slowed control" says "$dir/same" "slowed gomap_rw t1"
check "every trial gave an answer" [ "$(lines '"status":"failed"')" = 0 ]
check "arms are paired: as many of base as of its mates" \
	[ "$(lines '"arm":"base"')" = "$(lines '"arm":"(head|copy|slow)"')" ]
check "30 blocks of the gated cells, at the least" \
	[ "$(lines '"arm":"head"')" -ge 90 ]
check "the last line is the page" grep -q '^report: .*index.html$' "$dir/same"
check "what base was built from is kept" \
	says "$dir/results/same/campaign.json" '"commit": "abc"'
check "validate finds the campaign whole" \
	"$build/readmostly" validate "$dir/results/same"

gate slow "$dir/head+2%"
check "2 % more work is not PASS" [ $status = 1 -o $status = 3 ]

# A head that crashes is FAIL whatever the noise, and named.
cat >"$dir/crash" <<SCRIPT
#!/bin/sh
kill -SEGV \$\$
SCRIPT
chmod +x "$dir/crash"
gate crashed "$dir/crash" --maps gomap_rw
check "a head that crashes is FAIL" [ $status = 1 ]
check "and named" says "$dir/crashed" "head in block 0: failed, ended by signal 11"
gate gone "$dir/none"
check "a head that is not there is status 2" [ $status = 2 ]
check "and is named" says "$dir/gone.err" "arm head: "
cp "$build/tests/fake_trial" "$dir/copy"
gate other "$dir/head" --maps gomap_rw --set blocks=20
check "a copy of other content is status 2" [ $status = 2 ]
check "and is named, too" says "$dir/other.err" "expected a copy of base"

check "a ref that is none is named" sh -c '
	! make -s regress BASE=no-such-ref 2>&1 >/dev/null |
	grep -vq "no-such-ref: no such commit\|Error"'
check "make regress needs a BASE" sh -c '
	make -s regress 2>&1 | grep -q "expected BASE=<git ref>"'
done_testing
