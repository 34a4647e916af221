#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `make crossover` and `make bench SET=claims` write the page after every measurement, even if it
# failed. The tests use a fake program, which prints the folder of a campaign and exits with a given
# status.
# slow: over five seconds of CPU time; not part of `make check`.
. tests/tools/tap.sh
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
python=$(report/find_python.sh)
mkdir -p "$dir/bin" "$dir/b"
"$python" tests/report/staged_folder.py "$dir/done" here none >/dev/null
cp -r "$dir/done" "$dir/begun"
rm -r "$dir"/begun/stage-0[2-9]*

# A fake make, so that nothing is installed or built.
printf '#!/bin/sh\n' >"$dir/bin/make"
printf '#!/bin/sh\nfor package; do echo "$package install ok installed"; done\n' >"$dir/bin/dpkg-query"
cat >"$dir/b/readmostly" <<END
#!/bin/sh
case "\$*" in
*none*--needs) echo "readmostly run: \$OPTION: no map is called none" >&2; exit 2 ;;
*--needs) echo plain/gomap_rw; exit ;; esac
echo "\$*" >"$dir/calls"
[ -z "\$PLAYED" ] || echo "\$SAYS \$PLAYED"
exit \$STATUS
END
chmod +x "$dir"/bin/* "$dir/b/readmostly"
# run_answer STATUS FOLDER ARGUMENTS...: sets status and out.
run_answer() {
	export STATUS=$1 PLAYED=$2; shift 2
	DEPS=no PATH=$dir/bin:$PATH BUILD=$dir/b runner/answer.sh "$@" >"$out" 2>&1
	status=$?
}
last_line_is() { tail -n 1 "$out" | grep -qxF -- "$1"; }
export SAYS=campaign:

run_answer 0 "$dir/done" crossover gomap_rw syncmap --seed 7
check "a complete search with its page is status 0" [ $status = 0 ]
check "the program receives the pair" contains "$dir/calls" \
	"dev crossover gomap_rw syncmap --mode quick --seed 7"
check "the page exists" [ -s "$dir/done/report/index.html" ]
check "the last line is the path of the page" last_line_is "report: $dir/done/report/index.html"

run_answer 75 "$dir/begun" crossover gomap_rw syncmap
check "an interrupted search keeps its status" [ $status = 75 ]
check "the page of an interrupted search names the stage to run" \
	contains "$dir/begun/report/index.html" \
	"has not ended: stage 2 runs next"
rm -r "$dir/begun/report"
SAYS=resuming run_answer 0 "$dir/begun" crossover gomap_rw syncmap
check "an incomplete page is status 3" [ $status = 3 ]
check "the last line names the page of a resumed folder, too" last_line_is \
	"report: $dir/begun/report/index.html"

rm -r "$dir/begun/report"
run_answer 2 "$dir/begun" crossover gomap_rw syncmap
check "status 2 if no campaign started" [ $status = 2 ]
check "without a campaign no page is written" [ ! -e "$dir/begun/report" ]
run_answer 0 "" crossover gomap_rw syncmap --plan
check "if the command prints no folder, no page is written" [ $status = 0 ]
# `make bench SET=claims` prints the page of stage 1. The tests need only a folder with this stage.
mkdir "$dir/claims" && cp -r "$dir/done" "$dir/claims/stage-01"
export STATUS=0 PLAYED=$dir/claims
DEPS=no PATH=$dir/bin:$PATH BUILD=$dir/b SET=claims IDS='S4-01 S4-02' runner/bench.sh >"$out" 2>&1
status=$?
check "claims with their page are status 0" [ $status = 0 ]
check "claims are selected by id" contains "$dir/calls" "dev claims run --mode quick S4-01 S4-02"
check "the last line names the page of the only stage" last_line_is \
	"report: $dir/claims/stage-01/report/index.html"
OPTION=--maps run_answer 2 "" crossover gomap_rw none
check "an unknown map of a search is named with its variables" \
	last_line_is "readmostly A=gomap_rw B=none: no map is called none"
export MAPS=none OPTION=--touched
DEPS=no PATH=$dir/bin:$PATH BUILD=$dir/b runner/bench.sh >"$out" 2>&1
check "an unknown map of make bench is named with its variable" \
	last_line_is "readmostly MAPS=none: no map is called none"
done_testing
