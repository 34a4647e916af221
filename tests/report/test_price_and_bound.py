# SPDX-License-Identifier: Apache-2.0
"""Two figures of a page, of cells written down by hand: speed against its
price (sections/tradeoff.py), and against the unsynchronised map
(sections/scaling.py)."""
import types

import pytest
from told_report import Told

from report import words
from report.sections import scaling, tradeoff



class Place(types.SimpleNamespace):
    __hash__ = object.__hash__


BOARD = Place(workload="w", keys=65536, text=lambda: "64 Ki")
LINE = Place(text=lambda: "97 % lookups", kind="update", share=0.03)
RATES = {"gomap": 10.0, "fast": 8.0, "slow": 2.0, "gone": None}


def cell(name, threads):
    return types.SimpleNamespace(
        id=f"{name}/t{threads}", map=name, threads=threads, measure="",
        ok=[{"block": b} for b in range(7)] if RATES[name] else [],
        reason="not safe <here>")


class Cells:
    """In place of an analysis: each map has a rate, as many times as there
    are threads; pairs are exact."""

    look = "look"

    def __init__(self, counts, maps=tuple(RATES), **other):
        self.cells = {t: {m: cell(m, t) for m in maps} for t in counts}
        self.grid = {BOARD: {LINE: self.cells}}
        self.by_measure = {"throughput": [
            c for cells in self.cells.values() for c in cells.values()]}
        self.__dict__ |= other

    def boards(self):
        return [BOARD]

    def comparable(self, *cells):
        return all(c and c.ok for c in cells)

    def lines_of(self, board):
        return list(self.grid[board])

    def headline(self):
        return BOARD, LINE, min(self.cells)

    def at(self, place):
        return self.cells[place[2]]

    def place(self, place):
        return f"<{place[2]}>"

    def peer(self, name):
        return name != "gomap"

    def mops(self, of):
        return RATES[of.map] and RATES[of.map] * of.threads

    def level(self, of):
        rate = self.mops(of)
        return rate and {"centre": rate, "low": 0.9 * rate, "high": 1.1 * rate,
                         "n": 7, "reason": None}

    def ratio(self, base, of):
        if not base.ok or not of.ok:
            return None
        share = RATES[of.map] / RATES[base.map]
        return {"centre": share, "low": share - .1, "high": None, "n": 7,
                "reason": "six blocks"}


# ---- against the map without a lock ----


def bound(counts, **other):
    report = Told()
    text = scaling.efficiency_figure(report, Cells(counts, **other), "where")
    return text, report


def test_each_map_is_a_share_of_the_bound_on_as_many_threads():
    text, report = bound([1, 2])
    figure, panel = report.figures["efficiency"], report.panels["efficiency"]
    assert text == "<figure efficiency>"
    assert [(r["map"], r["threads"], r["n"], r["bound_mops"])
            for r in figure.rows] == [("fast", 1, 7, 10), ("slow", 1, 7, 10),
                                      ("fast", 2, 7, 20), ("slow", 2, 7, 20)]
    assert [r["percent"] for r in figure.rows] == pytest.approx(
        [80, 20, 80, 20])
    assert figure.rows[0]["low"] == pytest.approx(70)
    assert figure.rows[0]["high"] is None
    assert figure.rows[0]["cell"] == "fast/t1"
    assert panel.told == "At 2 threads: fast 80.0 %, slow 20.0 %.".replace(
        " %", f"{words.NARROW}%")


def test_few_counts_are_rows_each_below_its_own_count():
    panel = bound([1, 2])[1].panels["efficiency"]
    (groups, look, name) = panel.data
    assert (look, name) == ("look", "gomap")
    assert [title for title, _ in groups] == [
        "1 thread · gomap 10.0 [9.00, 11.0] Mop/s",
        "2 threads · gomap 20.0 [18.0, 22.0] Mop/s"]
    assert [[r["cell"] for r in rows] for _, rows in groups] == [
        ["fast/t1", "slow/t1"], ["fast/t2", "slow/t2"]]


def test_many_counts_are_lines(monkeypatch):
    monkeypatch.setattr(scaling.topology, "marks",
                        lambda cells, where: (sorted(cells), where))
    panel = bound([1, 2, 4])[1].panels["efficiency"]
    lines, counts, look, marks, name = panel.data
    assert counts == [1, 2, 4] and marks == ([1, 2, 4], "where")
    assert {m: [r["threads"] for r in rows] for m, rows in lines.items()} == {
        "fast": [1, 2, 4], "slow": [1, 2, 4]}
    assert panel.size == (600, 360) and (look, name) == ("look", "gomap")


def test_the_caption_has_the_bounds_own_throughput():
    caption = bound([1, 2])[1].figures["efficiency"].caption
    assert ("Throughput of gomap: 10.0 [9.00, 11.0] Mop/s with 1 thread; 20.0 "
            "[18.0, 22.0] Mop/s with 2 threads.") in caption


def test_the_caption_says_how_many_trials_others_disturbed():
    a, report = Cells([1]), Told()
    for name, some in (("gomap", 2), ("fast", 3), ("slow", 0)):
        for trial in a.cells[1][name].ok[:some]:
            trial["disturbed"] = "others took 40 %"
    scaling.efficiency_figure(report, a, "where")
    assert report.figures["efficiency"].caption.endswith(
        " 5 of this figure's 21 trials were disturbed by others.")
    assert "disturbed" not in bound([1])[1].figures["efficiency"].caption


def test_without_the_bound_it_says_why(monkeypatch):
    text, report = bound([1], maps=("fast",))
    assert "is not in the plan" in text and not report.figures
    monkeypatch.setitem(RATES, "gomap", None)
    text, report = bound([1])
    assert "not safe &lt;here&gt;" in text and not report.figures
    monkeypatch.setitem(RATES, "gomap", 10.0)
    text, report = bound([1], maps=("gomap", "gone"))
    assert "no other map has a result" in text and not report.figures


@pytest.mark.parametrize("low, percent, is_beaten", [
    (101, 120, True), (99, 120, False), (None, 468, False), (None, 99, False)])
def test_what_beats_the_bound_is_named(low, percent, is_beaten):
    told = scaling.beaten([{"map": "a<b", "low": low, "percent": percent},
                           {"map": "third", "low": 1, "percent": 2}])
    assert ("Above 100 %: a&lt;b " in told) is is_beaten
    assert "third" not in told


def test_the_best_share_of_a_map_is_named_the_largest_first():
    told = scaling.beaten([{"map": m, "low": p - 1, "percent": p}
                           for m, p in (("one", 110), ("two", 150),
                                        ("one", 130), ("one", 120))])
    assert told.replace(words.NARROW, " ").startswith(
        " <b>Above 100 %: two 150 % and one 130 %.</b>")


# ---- speed against its price ----


def test_maps_without_a_value_are_named_with_their_reason():
    rows = [{"map": "a", "x": 1, "why": ""}, {"map": "b<", "x": None,
                                             "why": "none > 1"}]
    assert tradeoff.absent(rows, "x", "why") == (
        " Not drawn: b&lt; (none &gt; 1).")
    assert tradeoff.absent(rows[:1], "x", "why") == ""


@pytest.mark.parametrize("filled", [0.0, -4096.0])
def test_bytes_not_above_0_are_told_and_never_drawn(monkeypatch, filled):
    """The pages that a map fills may be there before it is made."""
    none = {m: {"filled": filled, "cell": m} for m in ("fast", "gone")}
    _, _, report = price(monkeypatch, {**none, "slow": BYTES["slow"]}, TAILS)
    assert list(report.panels) == ["tradeoff-p99-ns"]
    monkeypatch.setitem(RATES, "gone", 1.0)
    _, _, report = price(monkeypatch, BYTES | {"gone": none["gone"]}, TAILS)
    assert report.panels["tradeoff-bytes-per-entry"].told.endswith("2 maps.")
    assert f"Not drawn: gone ({words.sig(filled)}: not above 0)." in \
        report.figures["tradeoff"].caption


@pytest.mark.parametrize("ns, text", [
    (2000.0, "2 µs"), (2500.0, "2.5 µs"), (2510.0, "2.51 µs"),
    (20.0, "20 ns")])
def test_a_tick_has_its_own_digits(ns, text):
    assert tradeoff.tick_of(ns).replace("\u202f", " ").replace(
        "\u00a0", " ") == text


def price(monkeypatch, stored, tails, group="80 % load"):
    monkeypatch.setattr(tradeoff, "bytes_of", lambda a: stored)
    monkeypatch.setattr(tradeoff, "tail_group", lambda a: (group, ["cells"]))
    monkeypatch.setattr(tradeoff, "tail_of", lambda cells: (
        tails if cells == ["cells"] else {}))
    a, report = Cells([2]), Told()
    rows = tradeoff.rows_of(a)
    return tradeoff.figure(report, a, rows), rows, report


BYTES = {"fast": {"filled": 40.0, "cell": "m/fast"},
         "slow": {"filled": 30.0, "cell": "m/slow"}}
TAILS = {"fast": {"ns": 900.0, "low": 800.0, "high": 950.0, "cell": "l/fast",
                  "text": "900 ns", "why": ""},
         "slow": {"ns": 100.0, "low": 90.0, "high": 120.0, "cell": "l/slow",
                  "text": "100 ns", "why": ""}}


def test_a_row_has_speed_bytes_and_tail_each_with_its_cell(monkeypatch):
    _, rows, _ = price(monkeypatch, BYTES, {"fast": TAILS["fast"]})
    assert [r["map"] for r in rows] == ["fast", "slow"], "no bound, no loss"
    assert {k: rows[0][k] for k in tradeoff.COLUMNS} == {
        "mops": 16.0, "low": pytest.approx(14.4), "high": pytest.approx(17.6),
        "bytes_per_entry": 40.0, "bytes_cell": "m/fast",
        "bytes_why": "not planned", "p99_ns": 900.0, "p99_low": 800.0,
        "p99_high": 950.0, "p99_cell": "l/fast", "p99_why": ""}
    assert rows[1]["p99_why"] == "not run in that open loop"


def test_each_price_is_a_panel_that_names_the_least_and_the_fastest(
        monkeypatch):
    text, _, report = price(monkeypatch, BYTES, TAILS)
    assert text == "<figure tradeoff>"
    figure = report.figures["tradeoff"]
    assert figure.panels == ["tradeoff-bytes-per-entry", "tradeoff-p99-ns"]
    of_bytes, of_tail = (report.panels[p] for p in figure.panels)
    assert of_bytes.title == "Throughput against bytes per entry"
    assert of_tail.title == "Throughput against P99 of lookups"
    assert of_bytes.told == "Least: slow; most Mop/s: fast; 2 maps."
    assert [(r["x"], r["x_low"], r["x_high"]) for r in of_bytes.data[0]] == [
        (40, None, None), (30, None, None)]
    assert [(r["x"], r["x_low"], r["x_high"]) for r in of_tail.data[0]] == [
        (900, 800, 950), (100, 90, 120)]
    assert figure.caption.startswith(
        "<b>Speed against its price, &lt;2&gt;.</b>")
    assert figure.caption.endswith(
        " P99: 80 % load, from the intended start. Bars: 95 % intervals.")


def test_beside_a_price_that_is_not_known_none_is_the_least(monkeypatch):
    """Its tip has no number either."""
    wide = TAILS["fast"] | {"low": 90.0, "text": "not known (90 ns to 950 ns)"}
    _, _, report = price(monkeypatch, BYTES, TAILS | {"fast": wide})
    panel = report.panels["tradeoff-p99-ns"]
    assert panel.told == "Least: not known; most Mop/s: fast; 2 maps."
    assert [r["told"] for r in panel.data[0]] == [wide["text"], "100 ns"]
    panel = report.panels["tradeoff-bytes-per-entry"]
    assert panel.told.startswith("Least: slow;")
    assert [r["told"] for r in panel.data[0]] == ["40.0", "30.0"]


@pytest.mark.parametrize("floor,least", [
    (90.0, "slow"), (None, "slow"), (100.0, "slow not told from the floor"),
    (800.0, "no map is told from the floor")])
def test_what_may_be_the_floors_price_is_not_the_least(monkeypatch, floor,
                                                       least):
    """The end of the floor's interval against the lower ends of the maps'."""
    tails = {m: t | {"low": t["low"] + (m == "slow")}
             for m, t in TAILS.items()}
    _, _, report = price(monkeypatch, BYTES, tails | {
        "null_map": {"ns": 80.0, "low": 70.0, "high": floor}})
    assert report.panels["tradeoff-p99-ns"].told == (
        f"Least: {least}; most Mop/s: fast; 2 maps.")
    assert report.panels["tradeoff-bytes-per-entry"].told.startswith(
        "Least: slow;")


def test_a_price_of_one_map_is_not_drawn_and_the_other_says_who_lacks_it(
        monkeypatch):
    _, _, report = price(monkeypatch, {"slow": BYTES["slow"]}, TAILS)
    assert list(report.panels) == ["tradeoff-p99-ns"]
    monkeypatch.setitem(RATES, "gone", 1.0)
    _, _, report = price(monkeypatch, BYTES, TAILS, group="")
    assert report.figures["tradeoff"].caption.endswith(
        "named there. Bars: 95 % intervals. Not drawn: gone (not planned). "
        "Not drawn: gone (not run in that open loop).")


def test_without_two_maps_there_is_no_figure(monkeypatch):
    text, _, report = price(monkeypatch, {}, {})
    assert "needs two maps" in text and not report.figures
