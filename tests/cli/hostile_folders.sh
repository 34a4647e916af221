#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests campaign folders whose links lead out of them, and results/ on another disk. Nothing is
# written elsewhere, and reports show the measured data.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
needs plain/gomap_rw tests/fake_trial readmostly-history
top=$PWD build=$(realpath "${BUILD:-build/gcc}")
readmostly=$build/readmostly
python=$(report/find_python.sh) || exit 3
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
export RM_TRIAL_PROGRAM=$build/tests/fake_trial RM_FAKE="=ok"
printf 'writes = 3%%\nkeys = 1Ki\nthreads = 1\nwarm-up = 1ms\nwindow = 2ms\nblocks = 2\nmaps = gomap_rw\nloop = mix paced\nrate = 1k/s\n' >"$dir/tiny.conf"
run() { "$readmostly" run --counters none "$@" >"$out" 2>&1; }
kept() { [ "$(cat "$dir/victim" "$dir/diary/page")" = "keepkeep" ]; }
printf keep >"$dir/victim"
mkdir "$dir/diary" && printf keep >"$dir/diary/page"
run "$dir/tiny.conf" -o "$dir/good"
check "a campaign runs" [ $? = 0 ]

# Names that are not valid UTF-8, in each path that campaign.json stores.
bytes=$(printf 'n\377')
mkdir "$dir/$bytes"
cp "$dir/tiny.conf" "$dir/$bytes/"
sed -n 's/.*"cell":"\([^"]*\)".*/\1/p' "$dir/good/trials.jsonl" | sort -u >"$dir/$bytes.txt"
cp "$build/tests/fake_trial" "$dir/head"
cp "$build/tests/fake_trial" "$dir/$bytes.arm"
refused() { # WHAT ARGUMENTS...
	local what=$1
	shift
	run "$@"
	check "$what that is not UTF-8 is status 2" [ $? = 2 ]
	check "the error for a name that is not UTF-8 has the remedy" \
		contains "$out" "not UTF-8, which campaign.json cannot store: expected another name"
}
refused "a folder's name" "$dir/tiny.conf" -o "$dir/$bytes.out"
refused "a workload's path" "$dir/$bytes/tiny.conf" -o "$dir/none"
refused "a list's path" "$dir/tiny.conf" -o "$dir/none" --cells-from "$dir/$bytes.txt"
refused "an arm's path" "$dir/tiny.conf" -o "$dir/none" --arms "base=$dir/head,head=$dir/$bytes.arm"
check "none of these commands creates a folder" \
	[ -z "$(ls -d "$dir/none" "$dir/$bytes.out" 2>/dev/null)" ]
run "$dir/tiny.conf" -o "$dir/$bytes/slash/"
check "the path to the folder may have any name" [ $? = 0 ]
"$readmostly" dev validate "$dir/$bytes/slash" >"$out"
check "a slash at the end is ignored" contains "$out" complete
check "the name of the campaign has no slash, too" \
	contains "$dir/$bytes/slash/campaign.json" '"name": "slash"'

# Resumes a folder that comes from another source.
for name in lock trials.jsonl; do
	rm -rf "$dir/c" && cp -r "$dir/good" "$dir/c"
	ln -sf "$dir/victim" "$dir/c/$name"
	run --resume -o "$dir/c"
	check "a $name that is a link is status 2" [ $? = 2 ]
	check "the link $name is reported" \
		contains "$out" "$dir/c/$name: cannot be opened: Too many levels of symbolic links"
	check "the target of the link is unchanged" kept
done
rm -rf "$dir/c" && cp -r "$dir/good" "$dir/c"
head -n 1 "$dir/good/trials.jsonl" >"$dir/c/trials.jsonl"
rm -r "$dir/c/histograms" && ln -s "$dir/diary" "$dir/c/histograms"
run --resume -o "$dir/c"
check "a link in place of histograms ends a resume" contains "$out" "histograms: a symbolic link"
check "nothing is written to the target of histograms" [ "$(ls "$dir/diary")" = page ]

# A line was removed from the middle of the journal, and a resume by an earlier version appended the
# missing trial.
for lost in 1 3; do
	rm -rf "$dir/c" && cp -r "$dir/good" "$dir/c" && sed -i ${lost}d "$dir/c/trials.jsonl"
	run --resume -o "$dir/c"
	check "a resume rejects a journal without line $lost" contains "$out" ":$lost: changed, or a line before it is missing: \`readmostly dev"
	"$python" -m report "$dir/c" >"$out" 2>&1
	check "the report rejects such a journal" \
		contains "$out" ": a line before it is missing: \`readmostly dev validate"
	"$readmostly" dev validate "$dir/c" >"$out"
	check "validate names line $lost" contains "$out" "trials.jsonl:$lost: expected a line of tiny/gomap_rw"
	sed -n ${lost}p "$dir/good/trials.jsonl" >>"$dir/c/trials.jsonl"
	"$python" -m report "$dir/c" >"$out" 2>&1
	check "the report rejects a line in the wrong place" \
		contains "$out" ": a line before it is missing"
	"$readmostly" dev validate "$dir/c" >"$out"
	if [ $lost = 1 ]; then
		check "validate advises a new campaign if line 1 is missing" contains "$out" "next: start a new campaign"
		continue
	fi
	check "validate finds the first line to remove" contains "$out" "sed -i.damaged '$lost,\$d'"
	eval "$(grep -o 'sed -i[^`]*' "$out")"
	run --resume -o "$dir/c"
	check "these commands repair the campaign" "$readmostly" dev validate "$dir/c"
done

# The folder contains links before the campaign is created.
mkdir "$dir/planted"
for name in topology.xml.new topology.xml topology.svg campaign.json.new; do
	ln -s "$dir/victim" "$dir/planted/$name"
done
run "$dir/tiny.conf" -o "$dir/planted"
check "links that exist before do not stop a campaign" [ $? = 0 ]
check "the targets of these links are unchanged" kept
check "the campaign has replaced the links by regular files" [ -z "$(find "$dir/planted" -type l)" ]

# Inputs that never end, or FIFOs without a writer.
ln -s loop "$dir/loop"
run "$dir/tiny.conf" -o "$dir/loop/c"
check "a loop of links is status 2" [ $? = 2 ]
limited() { (ulimit -v 4000000; timeout 600 "$@" >"$out" 2>&1); }
mkfifo "$dir/fifo"
for file in /dev/zero "$dir/fifo"; do
	printf 'keys = file:%s\nthreads = 1\nmaps = gomap_rw\n' "$file" >"$dir/z.conf"
	limited "$readmostly" plan "$dir/z.conf"
	check "keys = file:$file is status 2" [ $? = 2 ]
	check "the error for keys is that the file is not regular" \
		contains "$out" "not a regular file"
	limited "$readmostly" dev replay "$file"
	check "replay $file is status 2" [ $? = 2 ]
	check "the error for replay is that the file is not regular" \
		contains "$out" "not a regular file"
	limited "$readmostly" check --history="$file"
	check "check --history=$file is status 2" [ $? = 2 ]
	check "the error for a history is that the file is not regular" \
		contains "$out" "not a regular file"
	limited "$readmostly" run "$dir/tiny.conf" -o "$dir/n" --counters "replay:$file"
	check "--counters replay:$file is status 2" [ $? = 2 ]
	rm -rf "$dir/c" && cp -r "$dir/good" "$dir/c"
	ln -sf "$file" "$dir/c/trials.jsonl"
	limited "$readmostly" dev validate "$dir/c"
	check "validate of a journal that is $file is status 2" [ $? = 2 ]
done
rm "$dir/c/trials.jsonl" && mkfifo "$dir/c/trials.jsonl"
limited "$readmostly" run --resume -o "$dir/c"
check "a journal that is a FIFO is not resumed" contains "$out" "trials.jsonl: cannot be opened: not a regular file"
limited "$readmostly" report "$dir/c"
check "a journal that is a FIFO has no report" contains "$out" "trials.jsonl: not a regular file"
rm -rf "$dir/c" && cp -r "$dir/good" "$dir/c"
rm "$dir/c/campaign.json" && mkdir "$dir/c/campaign.json"
run --resume -o "$dir/c"
check "the error about a folder in place of campaign.json has no line number" \
	contains "$out" "campaign.json: cannot be read: a directory"

# Reports of a folder that contains such links.
rm -rf "$dir/c" && cp -r "$dir/good" "$dir/c"
ln -s "$dir/diary" "$dir/c/report"
"$python" -m report "$dir/c" >"$out" 2>&1
check "a link in place of report is status 2" [ $? = 2 ]
check "the link in place of report is reported" contains "$out" "$dir/c/report: a symbolic link"
check "the target of the link report is unchanged" \
	[ "$(ls "$dir/diary") $(cat "$dir/diary/page")" = "page keep" ]
rm -rf "$dir/c" && cp -r "$dir/good" "$dir/c"
mkdir -p "$dir/c/report/tables"
for name in index.html verdicts.json data.zip tables/cells.csv tables/mine.csv; do
	ln -s "$dir/victim" "$dir/c/report/$name"
done
ln -s "$dir/nowhere" "$dir/c/report/tables/decision.csv"
"$python" -m report "$dir/c" >"$out" 2>&1
check "a page is written into a folder that contains links" [ -s "$dir/c/report/index.html" ]
check "the targets of links in the report are unchanged" kept
check "a link without a target creates no file" [ ! -e "$dir/nowhere" ]
check "a file that a link names is not copied into the report" \
	[ ! -e "$dir/c/report/tables/mine.csv" ]

# results/ is on another disk, or another file takes its place.
mkdir "$dir/work" "$dir/disk"
ln -s "$dir/disk" "$dir/work/results"
cd "$dir/work" || exit 1
run "$dir/tiny.conf"
check "a linked results/ gets the link latest" \
	[ -s results/latest/trials.jsonl ]
run "$dir/tiny.conf" -o results/mine/
check "with -o, also if the path ends with a slash, latest is updated" \
	[ "$(readlink results/latest)" = mine ]
run "$dir/tiny.conf" -o "$dir/disk/other"
check "latest stays if the path is outside of results" [ "$(readlink results/latest)" = mine ]
rm results/latest && mkdir results/latest
run "$dir/tiny.conf" -o results/third
check "a folder in place of latest does not stop a campaign" [ $? = 0 ]
check "the folder in place of latest is reported" contains "$out" "results/latest: cannot link: "
check "this campaign is complete" "$readmostly" dev validate results/third
cd "$top" || exit 1

# `make bench` reports the measured folder. Its programs are already built.
mkdir -p "$dir/bin" "$dir/b"
printf '#!/bin/sh\n' >"$dir/bin/make"
cat >"$dir/b/readmostly" <<END
#!/bin/sh
[ "\$*" != "\${*%--needs}" ] && exit 0
shift 3
exec "$readmostly" run --counters none "$dir/tiny.conf" "\$1" "\$2" # without --touched
END
chmod +x "$dir/bin/make" "$dir/b/readmostly"
DEPS=no PATH=$dir/bin:$PATH BUILD=$dir/b MODE=smoke RM_PAGE=yes runner/bench.sh -o "$dir/elsewhere" \
	>"$out" 2>&1
check "bench reports the folder of -o" contains "$out" "Page: $dir/elsewhere/report/index.html"
check "the page is in the last line" grep -q "^Page: " <(tail -n 1 "$out")

# Makefile: a value from the user reaches programs as one word.
make -s report PYTHON="$python" CAMPAIGN="x; touch $dir/pwned" >"$out" 2>&1
check "CAMPAIGN runs no command" [ ! -e "$dir/pwned" ]
make -s report PYTHON="$python" CAMPAIGN="x'; touch $dir/pwned; '" >"$out" 2>&1
check "CAMPAIGN with a quote runs no command" [ ! -e "$dir/pwned" ]
make -s flamegraph MAP="x'; touch $dir/pwned; '" >"$out" 2>&1
check "MAP with a quote runs no command" [ ! -e "$dir/pwned" ]
make -s bench MODE="x; touch $dir/pwned" MAPS="\$\$(touch $dir/pwned)" >"$out" 2>&1
check "MODE is one word" contains "$out" "MODE=x; touch $dir/pwned: no such mode"
make -s regress-arms PYTHON="$python" BASE="\$\$(touch $dir/pwned)" >"$out" 2>&1
check "BASE runs no command" [ ! -e "$dir/pwned" ]
for words in "bench SET=claims IDS=x;y" "bench MAPS=x;y" "artifact CAMPAIGNS=x;y" "crossover A=x;y" "campaign OUT=x;y"; do
	check "no recipe contains ${words##* }" eval 'make -n $words >"$out" 2>&1 && ! grep -q "x;y" "$out"'
done
shown() { make -s --eval 'shown: ; @echo "$$MAPS,$$OUT"' shown "$@"; }
check "scripts receive a typed variable" [ "$(shown MAPS="a b")" = "a b," ]
check "scripts receive no other variable" [ "$(shown)" = , ]
make -n campaign NODES=n1 OUT="a b" >"$out" 2>&1
check "a dry run creates nothing" sh -c "[ ! -e a ] && [ ! -e b ]"
cp -r "$dir/good" "$dir/with a blank"
make -s report PYTHON="$python" CAMPAIGN="$dir/with a blank" >"$out" 2>&1
check "a folder with blanks is reported" [ -s "$dir/with a blank/report/index.html" ]
done_testing
