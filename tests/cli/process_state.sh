#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Inherited properties (signals, address layout, priority), a stop in the middle of a trial, and a
# folder that disappears. Each of these is reported, or does not change the result.
. tests/tools/tap.sh
needs plain/gomap_rw plain/rwlock_probe check/gomap_rw tests/fake_trial
build=$(realpath "$build")
readmostly=$build/readmostly
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
out=$dir/out number=0

# The first timed trial runs the commands in $dir/first.
cat >"$dir/trial" <<SCRIPT
#!/bin/sh
request=\$(cat)
case \$request in *'"measure":"throughput"'*)
	if mv "$dir/first" "$dir/now" 2>/dev/null; then . "$dir/now"; fi ;;
esac
printf %s "\$request" | "$build/tests/fake_trial"
SCRIPT
chmod +x "$dir/trial"
run() { # FIRST ARGUMENTS...: runs a new campaign; sets status and campaign. FIRST: a command; % is the folder
	number=$((number + 1)) campaign=$dir/$number
	echo "${1//%/$campaign}" >"$dir/first"
	shift
	RM_TRIAL_PROGRAM=$dir/trial RM_FAKE='' "$readmostly" run tests/fixtures/campaign.conf -o "$campaign" \
		--busy-ok --counters none --set blocks=2 "$@" >"$out" 2>&1
	status=$?
}
lines() { grep -cE -- "$1" "$campaign/trials.jsonl"; }

# ---- signals ----------------------------------------------------------------
(trap '' CHLD; exec "$readmostly" check gomap_rw --shape u64x8 --only readers --ops 100) >"$out" 2>&1
check "a check whose parent ignores SIGCHLD passes" [ $? = 0 ]
(trap '' CHLD; exec "$readmostly" report "$dir/none") >"$out" 2>&1
check "the report finds its Python although SIGCHLD is ignored" contains "$out" "report: $dir/none"
(trap '' PIPE; exec "$readmostly" plan --json --set blocks=2000 tests/fixtures/campaign.conf 2>"$out") | head -c 1 >"$dir/head"
check "if the reader of a pipe exits, a program ends without a message" [ ! -s "$out" ]

# ---- a stop in the middle of a trial ----------------------------------------
# shellcheck disable=SC2016 # the trial's own shell expands these
run '(sleep 0.1; kill -CONT $$) & kill -STOP $$'
check "a trial that was stopped and continued is void" \
	[ "$(lines '"exit":"0","status":"void","reason":"a signal')" = 1 ]
check "the stopped trial is repeated" [ "$status $(lines '"attempt":2.*"status":"ok"')" = "0 1" ]
# shellcheck disable=SC2016
run 'kill -STOP $$' --set deadline=1s
check "a trial that was not continued before its deadline is void" \
	[ "$status $(lines '"exit":"deadline","status":"void","reason":"a signal')" = "0 1" ]
check "the line of the stopped trial is valid" "$readmostly" dev validate "$campaign"
# shellcheck disable=SC2016
run '(sleep 0.2; kill -CONT $PPID) & kill -STOP $PPID; sleep 0.4'
check "a trial is void if its runner was stopped" [ "$status $(lines '"status":"void"')" = "0 1" ]

# ---- the folder disappears --------------------------------------------------
for how in 'rm -r %' 'rm %/campaign.json' 'cp %/trials.jsonl %/x; mv %/x %/trials.jsonl'; do
	run "$how"
	check "$how: the campaign stops" [ $status = 3 ]
	check "$how: the error names the deleted file" \
		grep -qE '(trials.jsonl|campaign.json): deleted.* while the campaign ran' "$out"
	check "$how: the output does not call the results safe" \
		[ "$(grep -c 'is safe' "$out")" = 0 ]
done

# ---- the machine ------------------------------------------------------------
setarch -R "$readmostly" env doctor >"$out" 2>&1
check "the doctor reports a fixed address layout" grep -q '^note *aslr ' "$out"
mkdir "$dir/empty"
RM_SYSFS=$dir/empty "$readmostly" env doctor >"$out" 2>&1
check "without /sys and /proc, SMT and the control group are unknown" \
	[ "$(grep -cE '^unknown *(smt|cgroup) ' "$out")" = 2 ]
campaign=$dir/inherits
setarch -R "$readmostly" run tests/fixtures/campaign.conf -o "$campaign" --busy-ok --counters none \
	--set maps=gomap_rw --set blocks=1 --set write-kind=update >"$out" 2>&1
check "the addresses in trials are random even if those of the runner are fixed" \
	[ "$(lines '"aslr":false') $(lines '"aslr":true')" = "0 $(lines .)" ]

# ---- nothing to measure -----------------------------------------------------
(umask 0777; exec "$readmostly" run tests/fixtures/campaign.conf -o "$dir/large" --busy-ok --counters none \
	--set keys=1Gi) >"$out" 2>&1
check "a plan whose cells exceed the memory is incomplete" [ $? = 3 ]
check "the user may read the files in spite of a umask" [ "$(stat -c %a "$dir/large")" = 700 ]
"$readmostly" report "$dir/large" >"$out" 2>&1
check "the report of such a plan is incomplete" [ $? = 3 ]
check "this report prints the reason" contains "$out" "Nothing was measured: beyond a limit: "
done_testing
