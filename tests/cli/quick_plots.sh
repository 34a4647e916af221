#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `python3 -m report --quick` on synthetic journals, and report/find_python.sh.
cd "$(dirname "$0")/../.." || exit 1
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
python=$(report/find_python.sh 2>/dev/null || command -v python3)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

is() { # is STATUS TEXT command...: ends so, and says so
	want=$1 text=$2
	shift 2
	"$@" >"$work/said" 2>&1
	got=$?
	[ "$got" -eq "$want" ] || echo "# status $got, expected $want"
	[ "$got" -eq "$want" ] && says "$work/said" "$text"
}
row() { # row FILE MAP THREADS: the line of a CSV
	grep "^$2,$3," "$c/report/quick/$1.csv"
}
near() { # near CSV-LINE COLUMN VALUE: within 1 in 10^5
	echo "$1" | awk -F, -v c="$2" -v v="$3" \
		'{ exit !($c / v > 0.99999 && $c / v < 1.00001) }'
}
quick() { # the command, from the top of the tree
	"$python" -m report --quick "$@"
}
no_gnuplot() { # with an empty PATH
	full=$(command -v "$python")
	env PATH="$work/empty" "$full" -m report --quick "$c"
}

c=$work/c
"$python" tests/report/make_journal.py "$c" --blocks 6 --keys 1024,65536 \
	--threads 1,2 --maps gomap,gomap_rw,syncmap || exit 1
check "a folder that is no campaign is status 2" \
	is 2 "campaign.json" quick "$work"
check "no argument is status 2" is 2 "required: DIR" quick
check "a text that no cell has is status 2" \
	is 2 "no throughput cell" quick --like n77/ "$c"
check "options of quick plots alone are status 2" \
	is 2 "expected --quick" "$python" -m report --terminal "$c"
check "without gnuplot it says what to install, status 3" \
	is 3 "apt-get install gnuplot" no_gnuplot
check "and leaves the data" test -s "$c/report/quick/scaling.csv"
check "but no page" test ! -e "$c/report/index.html"
cp -r "$c/report/quick" "$work/quick"
check "the report takes the same campaign" \
	is 0 "report: " "$python" -m report "$c"
check "and writes the same CSV, byte by byte" \
	diff "$work/quick" "$c/report/quick"

# the numbers, by hand: block by block twice the rate, from 1 to 32 times base
"$python" - "$c" <<'PY' || exit 1
import json, sys
path = sys.argv[1] + "/trials.jsonl"
lines = [json.loads(line) for line in open(path)]
for t in lines:
    if t["result"] and t["cell"].endswith("/throughput"):
        base = 4e6 if "/gomap_rw/" in t["cell"] else 6e6
        t["result"]["elapsed_ns"] = 10 ** 9
        t["result"]["ops"] = int(base * 2 ** t["block"])
with open(path, "w") as out:
    out.writelines(json.dumps(t) + "\n" for t in lines)
    out.write('{"torn')
PY
no_gnuplot >/dev/null 2>&1
check "pseudo-median over blocks" near "$(row scaling gomap_rw 2)" 3 22.6274
check "of six blocks the 95 % interval is from the lowest" \
	near "$(row scaling gomap_rw 2)" 4 4
check "to the highest" near "$(row scaling gomap_rw 2)" 5 128
check "ratios are taken block by block" near "$(row ratio syncmap 2)" 3 1.5
check "so that a block's own speed is not in them" \
	near "$(row ratio syncmap 2)" 4 1.5
check "the base has no ratio to itself" \
	sh -c "! grep -q ^gomap_rw, '$c/report/quick/ratio.csv'"
check "a cell that was not run has no line" \
	sh -c "! grep -q ^gomap,2, '$c/report/quick/scaling.csv'"
: >"$c/trials.jsonl"
check "no trial yet is status 3" is 3 "no trial" quick "$c"

mkdir "$work/stub"
printf '#!/bin/sh\nexit 1\n' >"$work/stub/gnuplot"
chmod +x "$work/stub/gnuplot"
c=$work/"it's here"
"$python" tests/report/make_journal.py "$c" --blocks 8 --keys 1024 \
	--threads 1,2 --maps gomap_rw,syncmap || exit 1
check "a gnuplot that fails is an error" is 1 "gnuplot" \
	env PATH="$work/stub:$PATH" "$(command -v "$python")" -m report \
	--quick "$c"
if command -v gnuplot >/dev/null; then
	check "draws in the terminal" \
		is 0 "syncmap, 2 thr." quick --terminal "$c"
	check "draws to files" is 0 "ratio.svg" quick "$c"
	check "the file is a picture, also in a folder with a quote" \
		grep -q "</svg>" "$c/report/quick/scaling.svg"
else
	skip "draws in the terminal and to files" "no gnuplot"
fi

# find_python.sh
cp report/find_python.sh "$work/find_python.sh"
check "finds a Python that can make the report" \
	is 0 python sh report/find_python.sh
check "says that a given Python does not do" \
	is 0 "cannot import" env PYTHON=/bin/false sh report/find_python.sh
mkdir -p "$work/only"
check "where none does: what to install, status 3" sh -c "
	sed 's#/usr/bin/python3 /usr/local/bin/python3##' \
		'$work/find_python.sh' >'$work/f.sh'
	said=\$(env -i PATH='$work/only' /bin/sh '$work/f.sh' 2>&1)
	[ \$? -eq 3 ] && echo \"\$said\" | grep -q python3-matplotlib"
done_testing
