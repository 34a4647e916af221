# SPDX-License-Identifier: Apache-2.0
"""1e Go's own maps beside the ports in C that stand for them elsewhere."""
from report import ports, ranking, verdicts, words
from report.page import chip, esc, none

TITLE = "1e Go's own maps and their ports"
QUESTION = "Do the ports in C say what Go's own maps say?"
SAME, OPPOSITE = "the same", "opposite"
ONE, NEITHER = "one side only", "no interval"


def places(a):
    """Every group of cells, the decision table's first."""
    groups = [(board, line, threads) for board in a.boards()
              for line in a.lines_of(board)
              for threads in sorted(a.grid[board][line])]
    return list(dict.fromkeys(ranking.decision_places(a) + groups))


# ---- a map and its port ---------------------------------------------------

def word_of(group, name):
    """What the ranking says of one map of a group; of one that is not ranked
    nothing, also of the map with the highest centre."""
    if name == group["leader"] and group["front"]:
        return group["word"]
    return next((r["outcome"] for r in group["rivals"] if r["map"] == name),
                verdicts.NONE)


def ratio_text(a, pair, *names):
    """The ratio of two maps, or why there is none."""
    if pair:
        return words.estimate(pair)
    return "failed verification" if any(map(a.wrong, names)) else "not run"


def map_row(a, where, go, port):
    """Speed and verdict of both, and Go ÷ port."""
    cells, group = a.at(where), a.verdicts[where]
    levels = [a.level(cells[name]) for name in (go, port)]
    said = [word_of(group, name) for name in (go, port)]
    pair = a.ratio(cells[port], cells[go])
    return [a.place(where),
            *(text for name, level, word in zip((go, port), levels, said)
              for text in (chip(a.look, name), words.estimate(level)
                           if level else esc(cells[name].reason), word)),
            ratio_text(a, pair, go, port), pair["n"] if pair else 0,
            same_or_not(*said)]


def same_or_not(go, port):
    """Two verdicts beside each other; without an interval there is none."""
    if verdicts.NONE in (go, port):
        return NEITHER
    return SAME if go == port else f"differ; Go's is: {go}"


def map_table(report, a, found):
    rows = [map_row(a, where, go, port) for where in found
            for go, port in ports.twins(a.at(where))]
    heads = [("place", "text"), ("Go's own", "html"), ("Mop/s [95 %]", "num"),
             ("its verdict", "text"), ("port in C", "html"),
             ("port's Mop/s [95 %]", "num"), ("port's verdict", "text"),
             ("Go's own ÷ port [95 %]", "num"), ("blocks", "num"),
             ("verdicts", "text")]
    return report.table("go-maps", (
        "Each of Go's own maps beside its port: speed, and the verdict on "
        "either among all ranked maps of its place, by simultaneous "
        "intervals, which are in ranking.csv"), heads, rows)


# ---- the pair of Go and the pair of ports ---------------------------------

def agreement(go, port):
    """How the side that a port's pair takes stands to that of Go's."""
    decided = [side for side in (go, port) if side in ("base", "contender")]
    if verdicts.NONE in (go, port):
        return NEITHER
    if go == port:
        return SAME
    return OPPOSITE if len(decided) == 2 else ONE


def side_of(a, cells, base, other):
    """(side, "go_sync_map ÷ go_map_rw 1.20 [1.10, 1.30]: go_sync_map")."""
    pair = a.ratio(cells.get(base), cells.get(other))
    side = verdicts.side(pair)
    name = {"base": base, "contender": other, verdicts.TIED: "tied"}.get(side)
    ratio = ratio_text(a, pair, base, other)
    return side, f"{other} ÷ {base} {ratio}: {name or side}"


def pair_rows(a, found):
    """(agreement, row) of every place and pair of ports."""
    for where in found:
        cells = a.at(where)
        for base, other in ports.pairs(cells):
            go, said = side_of(a, cells, *ports.PAIR)
            port, told = side_of(a, cells, base, other)
            word = agreement(go, port)
            yield word, [a.place(where), said, told, word if word in (
                SAME, NEITHER) else f"{word}; Go's is the first"]


def pair_parts(report, a, found):
    """The table of pairs, and how often the ports agree."""
    rows = list(pair_rows(a, found))
    if not rows:
        return ""
    told = [word for word, _ in rows]
    share = lambda word: (f"{told.count(word)} ("
                          f"{words.sig(100 * told.count(word) / len(told))}"
                          " %)")
    table = report.table("go-pairs", (
        "sync.Map against map and RWMutex: the side that Go's own pair takes "
        "at 95 %, and the side of the ports' pair"),
        [("place", "text"), ("Go's own maps", "text"), ("ports in C", "text"),
         ("the ports say", "text")], [row for _, row in rows])
    return (f"<p>Of {words.plural(len(rows), 'comparison')} the ports say the "
            f"opposite of Go in {share(OPPOSITE)}; in {share(ONE)} only one "
            "of Go and port is decided. Where Go's own maps ran, the answer "
            "speaks of these; a figure that is of a port, as in section 5e, "
            "says so: ports' locks wait in the kernel or spin, Go parks a "
            f"goroutine.</p>{table}")


def add(report, a, invalid):
    """The section, where Go's own maps stand beside a port; of a run that is
    invalid there is no verdict."""
    found = [w for w in places(a) if ports.twins(a.at(w))]
    if invalid or not found:
        report.section("go", TITLE, QUESTION, none(
            "a control failed" if invalid and found else
            "no cell has one of Go's own maps beside its port"))
        return
    report.section("go", TITLE, QUESTION, pair_parts(report, a, found),
                   map_table(report, a, found))


def note(a):
    """Under the answer, of a pair of ports: whose locks these are."""
    both = [m for m in (a.contender, a.base)
            if m and ports.is_port(a.campaign, m)]
    if not both:
        return ""
    name = words.joined(both)
    kind = "are ports" if len(both) > 1 else "is a port"
    own = sorted({ports.PORTS.get(m) for m in both} & ports.ran(a))
    where = (f"; Go's own {words.joined(own)}: section 1e" if own else
             "; Go's own maps were not run")
    return (f"{name} {kind} in C, whose locks do not park as Go does: this "
            f"is no answer about Go{where}.")
