#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Campaign folders with links that lead out of them, and results/ on another
# disk: nothing is written elsewhere, and what is reported is what was measured.
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
check "a campaign is measured" [ $? = 0 ]

# Names that JSON cannot hold, at each place that campaign.json keeps one of.
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
	check "and says what to do" says "$out" "not UTF-8, which campaign.json cannot store: expected another name"
}
refused "a folder's name" "$dir/tiny.conf" -o "$dir/$bytes.out"
refused "a workload's path" "$dir/$bytes/tiny.conf" -o "$dir/none"
refused "a list's path" "$dir/tiny.conf" -o "$dir/none" --cells-from "$dir/$bytes.txt"
refused "an arm's path" "$dir/tiny.conf" -o "$dir/none" --arms "base=$dir/head,head=$dir/$bytes.arm"
check "and makes no folder" [ -z "$(ls -d "$dir/none" "$dir/$bytes.out" 2>/dev/null)" ]
run "$dir/tiny.conf" -o "$dir/$bytes/slash/"
check "the path to the folder may have any name" [ $? = 0 ]
"$readmostly" dev validate "$dir/$bytes/slash" >"$out"
check "and a slash at its end is no name" says "$out" complete
check "of the campaign" says "$dir/$bytes/slash/campaign.json" '"name": "slash"'

# A resume of a folder from elsewhere.
for name in lock trials.jsonl; do
	rm -rf "$dir/c" && cp -r "$dir/good" "$dir/c"
	ln -sf "$dir/victim" "$dir/c/$name"
	run --resume -o "$dir/c"
	check "a $name that is a link is status 2" [ $? = 2 ]
	check "and named" says "$out" "$dir/c/$name: cannot be opened: Too many levels of symbolic links"
	check "and its target is as it was" kept
done
rm -rf "$dir/c" && cp -r "$dir/good" "$dir/c"
head -n 1 "$dir/good/trials.jsonl" >"$dir/c/trials.jsonl"
rm -r "$dir/c/histograms" && ln -s "$dir/diary" "$dir/c/histograms"
run --resume -o "$dir/c"
check "histograms that are a link end a resume" says "$out" "histograms: a symbolic link"
check "and nothing is in the link's target" [ "$(ls "$dir/diary")" = page ]

# Links that wait in a folder for the campaign that will be put there.
mkdir "$dir/planted"
for name in topology.xml.new topology.xml topology.svg campaign.json.new; do
	ln -s "$dir/victim" "$dir/planted/$name"
done
run "$dir/tiny.conf" -o "$dir/planted"
check "planted links do not end a campaign" [ $? = 0 ]
check "and lead nowhere" kept
check "and its files are its own" [ -z "$(find "$dir/planted" -type l)" ]

# What reads: a file that need not end, or that nobody writes.
ln -s loop "$dir/loop"
run "$dir/tiny.conf" -o "$dir/loop/c"
check "a loop of links is status 2" [ $? = 2 ]
limited() { (ulimit -v 4000000; timeout 600 "$@" >"$out" 2>&1); }
mkfifo "$dir/fifo"
for file in /dev/zero "$dir/fifo"; do
	printf 'keys = file:%s\nthreads = 1\nmaps = gomap_rw\n' "$file" >"$dir/z.conf"
	limited "$readmostly" plan "$dir/z.conf"
	check "keys = file:$file is status 2" [ $? = 2 ]
	check "and says why" says "$out" "not a regular file"
	limited "$readmostly" dev replay "$file"
	check "replay $file is status 2" [ $? = 2 ]
	check "and says why, too" says "$out" "not a regular file"
	limited "$readmostly" check --history="$file"
	check "check --history=$file is status 2" [ $? = 2 ]
	check "and says why as well" says "$out" "not a regular file"
	limited "$readmostly" run "$dir/tiny.conf" -o "$dir/n" --counters "replay:$file"
	check "--counters replay:$file is status 2" [ $? = 2 ]
	rm -rf "$dir/c" && cp -r "$dir/good" "$dir/c"
	ln -sf "$file" "$dir/c/trials.jsonl"
	limited "$readmostly" dev validate "$dir/c"
	check "validate of a journal that is $file is status 2" [ $? = 2 ]
done
rm -rf "$dir/c" && cp -r "$dir/good" "$dir/c"
rm "$dir/c/campaign.json" && mkdir "$dir/c/campaign.json"
run --resume -o "$dir/c"
check "campaign.json that is a folder is named without a line -1" \
	says "$out" "campaign.json: cannot be read: a directory"

# The report on such a folder.
rm -rf "$dir/c" && cp -r "$dir/good" "$dir/c"
ln -s "$dir/diary" "$dir/c/report"
"$python" -m report "$dir/c" >"$out" 2>&1
check "report that is a link is status 2" [ $? = 2 ]
check "and named" says "$out" "$dir/c/report: a symbolic link"
check "and nothing is lost or written there" \
	[ "$(ls "$dir/diary") $(cat "$dir/diary/page")" = "page keep" ]
rm -rf "$dir/c" && cp -r "$dir/good" "$dir/c"
mkdir -p "$dir/c/report/tables"
for name in index.html verdicts.json data.zip tables/cells.csv tables/mine.csv; do
	ln -s "$dir/victim" "$dir/c/report/$name"
done
ln -s "$dir/nowhere" "$dir/c/report/tables/decision.csv"
"$python" -m report "$dir/c" >"$out" 2>&1
check "a page beside planted links is made" [ -s "$dir/c/report/index.html" ]
check "and nothing is written through them" kept
check "nor made by them" [ ! -e "$dir/nowhere" ]
check "nor read through them" [ ! -e "$dir/c/report/tables/mine.csv" ]

# Results on another disk, results where something else stands.
mkdir "$dir/work" "$dir/disk"
ln -s "$dir/disk" "$dir/work/results"
cd "$dir/work" || exit 1
run "$dir/tiny.conf"
check "a results/ that is a link gets its latest" \
	[ -s results/latest/trials.jsonl ]
run "$dir/tiny.conf" -o results/mine/
check "also by -o, whatever ends it" [ "$(readlink results/latest)" = mine ]
run "$dir/tiny.conf" -o "$dir/disk/other"
check "but not where the path has no results" [ "$(readlink results/latest)" = mine ]
rm results/latest && mkdir results/latest
run "$dir/tiny.conf" -o results/third
check "a latest that is a folder does not stop a campaign" [ $? = 0 ]
check "and is named" says "$out" "results/latest: cannot link: "
check "and the campaign is whole" "$readmostly" dev validate results/third
cd "$top" || exit 1

# `make bench` reports what it measured, with programs that are there already.
mkdir -p "$dir/bin" "$dir/b"
printf '#!/bin/sh\n' >"$dir/bin/make"
cat >"$dir/b/readmostly" <<END
#!/bin/sh
[ "\$*" != "\${*%--needs}" ] && exit 0
shift 3
exec "$readmostly" run --counters none "$dir/tiny.conf" "\$@"
END
chmod +x "$dir/bin/make" "$dir/b/readmostly"
DEPS=no PATH=$dir/bin:$PATH BUILD=$dir/b MODE=smoke RM_PAGE=yes runner/bench.sh -o "$dir/elsewhere" \
	>"$out" 2>&1
check "bench reports the folder of -o" says "$out" "Page: $dir/elsewhere/report/index.html"
check "which is the last line" grep -q "^Page: " <(tail -n 1 "$out")

# Makefile: what a person types is one word.
make -s report PYTHON="$python" CAMPAIGN="x; touch $dir/pwned" >"$out" 2>&1
check "CAMPAIGN is no command" [ ! -e "$dir/pwned" ]
make -s report PYTHON="$python" CAMPAIGN="x'; touch $dir/pwned; '" >"$out" 2>&1
check "with a quote neither" [ ! -e "$dir/pwned" ]
make -s bench MODE="x; touch $dir/pwned" MAPS="\$\$(touch $dir/pwned)" >"$out" 2>&1
check "MODE is one word" says "$out" "MODE=x; touch $dir/pwned: no such mode"
make -s regress-arms PYTHON="$python" BASE="\$\$(touch $dir/pwned)" >"$out" 2>&1
check "nor is BASE" [ ! -e "$dir/pwned" ]
for words in "bench SET=claims IDS=x;y" "bench MAPS=x;y" "artifact CAMPAIGNS=x;y" "crossover A=x;y" "campaign OUT=x;y"; do
	check "${words##* } is in no recipe" eval 'make -n $words >"$out" 2>&1 && ! grep -q "x;y" "$out"'
done
shown() { make -s --eval 'shown: ; @echo "$$MAPS,$$OUT"' shown "$@"; }
check "scripts get a typed variable" [ "$(shown MAPS="a b")" = "a b," ]
check "and none that is not typed" [ "$(shown)" = , ]
make -n campaign NODES=n1 OUT="a b" >"$out" 2>&1
check "a dry run makes nothing, whatever it is called" sh -c "[ ! -e a ] && [ ! -e b ]"
cp -r "$dir/good" "$dir/with a blank"
make -s report PYTHON="$python" CAMPAIGN="$dir/with a blank" >"$out" 2>&1
check "a folder with blanks is reported" [ -s "$dir/with a blank/report/index.html" ]
done_testing
