#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An installed suite measures, reports, checks and publishes in any folder, also after it was moved.
# The contents of the folder must not matter. The test copies programs that are already built;
# runner/install.sh would build more.
. tests/tools/tap.sh
needs readmostly plain/gomap_rw plain/null_map check/gomap_rw
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
home="$dir/a b/lib/readmostly"
mkdir -p "$home/maps" "$dir/work/report" "$dir/a b/bin"
(cd "$build" && cp --parents -P maps/plain/{gomap_rw,null_map}{,.json} maps/check/gomap_rw maps/check/lib*.so \
	maps/names.tsv readmostly "$home")
for part in report workloads docs; do ln -s "$PWD/$part" "$home/$part"; done
ln -s ../lib/readmostly/readmostly "$dir/a b/bin/readmostly"
echo 'raise SystemExit("the package of the current folder was used")' >"$dir/work/report/__init__.py"
installed() { # COMMAND: runs a command of readmostly whose arguments include file patterns
	(cd "$dir/work" && "$dir/a b/bin/readmostly" $*) >"$dir/out" 2>&1
}
measures() {
	installed run --mode smoke --maps gomap_rw --set control=none --set blocks=1 --set keys=1k \
		--set verify=1kops --set warm-up=1ms --set window=2ms --busy-ok --counters none
	[ -s "$dir/work/results/latest/trials.jsonl" ]
}
reports() { installed report results/latest; [ -s "$dir/work/results/latest/report/index.html" ]; }
check "a mode is found, and its campaign is in the current folder" measures
check "the installed report is used" reports
check "maps are checked" installed check gomap_rw --ops 2000
# Status 3: the campaign is too short to be trusted.
check "a campaign is published" eval 'installed publish results/latest -o public; [ $? = 3 ]'
check "the entry is verified from the files next to it" \
	installed report public verify 'public/*.json'
done_testing
