#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# If a disk is full or a file must not grow, the error has the reason, the status is 3, and no file
# is incomplete.
. tests/tools/tap.sh
needs plain/gomap_rw plain/rwlock_probe tests/fake_trial
build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
dir=$(mktemp -d) out=$dir/out
trap 'umount "$dir/disk" 2>/dev/null; rm -rf "$dir"' EXIT
export RM_TRIAL_PROGRAM=$build/tests/fake_trial RM_FAKE="=ok"

run() { # FOLDER LIMIT_KIB ARGUMENTS...
	local folder=$1 limit=$2
	shift 2
	(ulimit -f "$limit"
	"$readmostly" run -o "$folder" --counters none "$@" >"$out" 2>&1)
}
size_kib() { echo $(($(stat -c %s "$1") / 1024)); }

# Measures the sizes of the files without a limit. In bash, ulimit counts KiB.
run "$dir/whole" unlimited tests/fixtures/campaign.conf
check "without a limit the campaign completes" [ $? = 0 ]
campaign_kib=$(size_kib "$dir/whole/campaign.json")
journal_kib=$(size_kib "$dir/whole/trials.jsonl")
echo "# campaign.json $campaign_kib KiB, trials.jsonl $journal_kib KiB"
check "the journal is the largest file" \
	[ "$journal_kib" -gt $((campaign_kib + 64)) ]

flock "$dir/whole/lock" "$readmostly" run tests/fixtures/campaign.conf -o "$dir/whole" >"$out" 2>&1
status=$?
check "the error for a campaign that still runs names its process instead of --resume" eval \
	'[ $status = 2 ] && grep -q "process [0-9]* runs this campaign: wait until it ends.*another folder (-o" "$out"'

# The limit is too small for campaign.json.
run "$dir/small" $((campaign_kib / 2)) tests/fixtures/campaign.conf
check "a limit below campaign.json is status 3" [ $? = 3 ]
check "the error names campaign.json and the reason" \
	contains "$out" "campaign.json: cannot be written: File too large"
check "no part of campaign.json is left" \
	[ -z "$(find "$dir/small" -name "*campaign*")" ]
run "$dir/small" unlimited --resume
check "a resume without campaign.json is status 2" [ $? = 2 ]
run "$dir/small" unlimited tests/fixtures/campaign.conf --set blocks=1
check "the folder can still be used" [ $? = 0 ]

# The limit is too small for the journal.
run "$dir/part" $((campaign_kib + 32)) tests/fixtures/campaign.conf
check "a limit below the journal is status 3" [ $? = 3 ]
check "the error names the journal, the limit and the next step" contains "$out" \
	"trials.jsonl: cannot be written: File too large: the limit is ulimit -f (size of files): start in a shell"
check "the error has the command that continues the campaign" \
	contains "$out" "run -o $dir/part --resume"
check "the journal has some trials" [ -s "$dir/part/trials.jsonl" ]
check "the last line of the journal is complete" [ -z "$(tail -c 1 "$dir/part/trials.jsonl")" ]
"$readmostly" dev validate "$dir/part" >"$out"
check "validate finds missing trials" [ $? = 1 ]
run "$dir/part" unlimited --resume
check "with enough space a resume completes the campaign" [ $? = 0 ]
check "validate accepts the completed campaign" "$readmostly" dev validate "$dir/part"

# A real file system of this size.
mkdir "$dir/disk"
if mount -t tmpfs -o size=$((campaign_kib + journal_kib / 2))k tmpfs \
	"$dir/disk" 2>/dev/null; then
	run "$dir/disk/campaign" unlimited tests/fixtures/campaign.conf
	check "a full disk is status 3" [ $? = 3 ]
	check "the full disk is reported" contains "$out" "No space left on device"
	check "the last line on the full disk is complete" \
		[ -z "$(tail -c 1 "$dir/disk/campaign/trials.jsonl")" ]
	"$readmostly" report "$dir/disk/campaign" >"$out" 2>&1
	check "a report on the full disk is status 3" [ $? = 3 ]
	check "the error names the folder and the next step" contains "$out" \
		"campaign/report: No space left on device: no result is lost: free space (df), then readmostly report"
	mount -o remount,size=64m "$dir/disk"
	run "$dir/disk/campaign" unlimited --resume
	check "with enough space a resume completes the campaign on the disk, too" [ $? = 0 ]
	check "validate accepts the campaign on the disk" \
		"$readmostly" dev validate "$dir/disk/campaign"
else
	skip "a full disk" "no right to mount a tmpfs"
fi

# A file system without locks, such as some NFS mounts.
if command -v strace >/dev/null; then
	strace -f -o "$dir/calls" -e inject=flock:error=ENOLCK "$readmostly" run -o "$dir/nfs" --counters none \
		tests/fixtures/campaign.conf >"$out" 2>&1
	check "a folder without locks is named, with the next step" contains "$out" \
		"nfs/lock: cannot be locked: No locks available: this file system has no locks"
fi

# Unusable folders.
: >"$dir/file"
run "$dir/file" unlimited tests/fixtures/campaign.conf
check "a file in place of the folder is status 2" [ $? = 2 ]
check "the file in place of the folder is reported" \
	contains "$out" "cannot make the folder: File exists, expected a writable place: choose one with -o DIR"
mkdir "$dir/closed"
chmod 000 "$dir/closed"
run "$dir/closed/campaign" unlimited tests/fixtures/campaign.conf
status=$?
if [ "$(id -u)" = 0 ]; then
	skip "a folder without rights is status 2" "root has all rights"
else
	check "a folder without rights is status 2" [ $status = 2 ]
fi

# A symbolic link without a target takes the place of a folder of results, a campaign or a build.
ln -s /nowhere/results "$dir/results"
dead="results is a symbolic link to /nowhere/results: No such file or directory: make the target, or remove the link (rm "
for command in "run tests/fixtures/campaign.conf -o" "dev validate" "plan" "report"; do
	"$readmostly" $command "$dir/results/a" >"$out" 2>&1
	check "$command names such a link" contains "$out" "$dead"
done
make -s report CAMPAIGN="$dir/results" >"$out" 2>&1
check "make report names such a link" contains "$out" "$dead"
make -s BUILD="$dir/results" all >"$out" 2>&1
check "make names such a link in place of the build folder" contains "$out" "$dead"

run "/proc/none/campaign" unlimited tests/fixtures/campaign.conf
check "an impossible folder is status 2" [ $? = 2 ]
done_testing
