#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A finding of `readmostly explore` as HTML and as a Perfetto trace. Both contain the same facts as
# the text, and incomplete files are reported.
. tests/tools/tap.sh
needs explore/gomap_rw explore/gomap_rw_unguarded_delete explore/syncmap_back_door
explore() { "$build/readmostly" explore "$@"; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
map=gomap_rw_unguarded_delete # a misuse that occurs in each schedule of two writers
program="$dir/a&b<c>.txt"

explore $map --html "$dir/f.html" --perfetto "$dir/f.json" >"$dir/text"
status=$?
check 'with views a finding is status 1, too' [ $status = 1 ]
explore $map --html "$dir/g.html" --perfetto "$dir/g.json" >/dev/null
check 'the same schedule gives the same page' cmp "$dir/f.html" "$dir/g.html"
check 'the same schedule gives the same trace' cmp "$dir/f.json" "$dir/g.json"
cat >"$dir/compare.py" <<'END'
import html.parser, json, re, sys

class Cells(html.parser.HTMLParser):
    """Accesses of the table, (column, text), and the text of everything."""
    def __init__(self):
        super().__init__()
        self.column, self.cells, self.text, self.cell = 0, [], "", False
    def handle_starttag(self, tag, attributes):
        self.column = 0 if tag == "tr" else self.column + (tag == "td")
        self.cell = tag == "td" and "title" in dict(attributes)
        if self.cell:
            self.cells.append([self.column, ""])
    def handle_endtag(self, tag):
        self.cell = self.cell and tag != "td"
    def handle_data(self, data):
        self.text += data
        if self.cell:
            self.cells[-1][1] += data

text, page, trace = (open(name).read() for name in sys.argv[1:])
cells = Cells()
cells.feed(page)
events = json.loads(trace)["traceEvents"]
threads = [e["tid"] for e in events if e["ph"] == "M"]
slices = [e for e in events if e["ph"] == "X"]
accesses = sorted((e for e in slices if "args" in e), key=lambda e: e["ts"])
operations = [e for e in slices if "args" not in e]
def fact(name, holds):
    print("ok" if holds else "not ok", "-", name)
fact("accesses", accesses and [c[1] for c in cells.cells] ==
     [e["name"] for e in accesses])
fact("threads", [threads[c[0] - 2] for c in cells.cells] ==
     [e["tid"] for e in accesses])
heads = re.findall(r'<th scope="col">thread (\d)</th>', page)
fact("heads", heads == [str(t) for t in threads])
written = [line.strip() for line in text.splitlines()
           if re.match(r" +\S+\.h:\d+ (reads|writes|loads|stores)", line)]
named = iter(e["name"] for e in accesses)
fact("order", written and all(line in named for line in written))
printed = re.findall(r"^thread (\d) = (.*)$", text, re.M)
def named(thread):
    return ", ".join(o["name"] for o in operations if o["tid"] == thread)
fact("operations", printed == [(str(t), named(t)) for t in threads if named(t)])
fact("inside", all(any(o["tid"] == a["tid"] and o["ts"] <= a["ts"] and
                       a["ts"] < o["ts"] + o["dur"] for o in operations)
                   for a in accesses))
def between(thread):
    """When the thread has begun its first operation and not ended its last."""
    own = [o for o in operations if o["tid"] == thread]
    return range(min((o["ts"] for o in own), default=0),
                 max((o["ts"] + o["dur"] for o in own), default=0))
fact("between", all(any(o["tid"] == a["tid"] and o["ts"] <= a["ts"] and
                        a["ts"] < o["ts"] + o["dur"] for o in operations)
                    for a in accesses if a["ts"] in between(a["tid"])))
fact("again", text.rsplit("again: ", 1)[1].strip() in cells.text)
END
fact_holds() { # WORD: true if compare.py confirms the fact
	[ "$(grep -c "^ok - $1" "$dir/facts")" = 1 ]
}
agree() { # MAP inside|between: compares the text, page and trace in $dir
	python3 "$dir/compare.py" "$dir/text" "$dir/f.html" "$dir/f.json" >"$dir/facts"
	check "$1: page and trace have the same accesses in the same order" fact_holds accesses
	check "$1: text, page and trace have the same threads" fact_holds threads
	check "$1: each column has the head of its thread" fact_holds heads
	check "$1: each line of the text is an access, in the same order" fact_holds order
	check "$1: the operations of each thread are those of the program" fact_holds operations
	check "$1: each access is inside an operation of its thread ($2)" fact_holds "$2"
	check "$1: the page has the command that reproduces it" fact_holds again
}
agree $map inside
explore $map --scheduler exhaustive --html "$dir/each.html" >"$dir/text"
status=$?
check 'a finding of the exhaustive scheduler has both views' eval \
	'[ $status = 1 ] && contains "$dir/each.html" " --scheduler exhaustive --program 0"'
# One thread has several operations. Another thread only joins and leaves, so its accesses belong to
# no operation.
explore syncmap_back_door --html "$dir/f.html" --perfetto "$dir/f.json" >"$dir/text"
check 'the next map has a thread with several operations' grep -q '^thread .*, ' "$dir/text"
check 'a thread without operations has a column' grep -q '<th scope="col">thread 1</th>' "$dir/f.html"
agree syncmap_back_door between

cat >"$program" <<END
shape    = u64x8
keys     = 3
resident =
thread 2 = exchange 1
thread 3 = remove 0
END
explore $map --program-file "$program" --html "$dir/h.html" >/dev/null
check 'names are escaped' grep -qF 'a&amp;b&lt;c&gt;.txt' "$dir/h.html"
if command -v tidy >/dev/null; then
	check 'the page is valid' tidy -q -e "$dir/h.html"
else
	skip 'the page is valid' 'tidy is not installed'
fi

explore gomap_rw --schedules 50 --html "$dir/none.html" >/dev/null
check 'without a finding no file is written' [ "$? $(ls "$dir" | grep -c none)" = '0 0' ]
explore $map --html "$dir/no/such.html" >/dev/null 2>"$dir/err"
check 'a file that cannot be created is reported before any run' [ "$? $(cat "$dir/err")" = \
	"2 readmostly explore: --html $dir/no/such.html: cannot be written: No such file or directory: make the folder (mkdir -p) or choose another" ]
explore $map --perfetto /dev/full >/dev/null 2>"$dir/err"
check 'a trace on a full disk is reported, and the status stays 1' [ "$? $(cat "$dir/err")" = \
	"1 readmostly explore: $map: /dev/full: not written completely: No space left on device: free space (df)" ]
explore $map --html /dev/full >/dev/null 2>"$dir/err"
check 'HTML on a full disk is reported' \
	contains "$dir/err" '/dev/full: not written completely: No space left'
explore all --html "$dir/all.html" 2>"$dir/err"
check '--html rejects all maps' contains "$dir/err" 'only with one map, not all'
done_testing
