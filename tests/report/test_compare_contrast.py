# SPDX-License-Identifier: Apache-2.0
"""What machines are compared by (docs/comparing.md): which one leads, which
places they share, which of them the first sentence is about, and why a ratio
is missing. Machines are made by hand."""
from types import SimpleNamespace as Made

import pytest

from report import factors as known
from report.analysis import Board, Line
from report.compare import contrast
from report.compare.contrast import Comparison, Place, Side


def place(threads=2, share=0.03, keys=64, workload="w", kind="update"):
    return Place(Board(workload, "u64x8", keys, 0.0, "uniform", "cores",
                       "first-touch", True), Line(kind, share), threads)


def cell(name, ok=True, reason=""):
    return Made(id=name, map=name, ok=ok, reason=reason)


def side(label, index, maps="xyz", failed=(), crowded=(), ranked="xyz"):
    """A machine with the cells of `index`, place -> names or cells."""
    made = object.__new__(Side)
    made.label, made.failed = label, dict(failed)
    made.member = Made(label=label, campaign=Made(maps=dict.fromkeys(maps)))
    made.index = {p: {c.map: c for c in (
        cell(c) if isinstance(c, str) else c for c in cells)}
        for p, cells in index.items()}
    made.a = Made(crowded=lambda cells: any(
        made.index.get(p) is cells for p in crowded),
        ranked=lambda m: m in ranked, rates={"x": {0: 1.0}, "y": {0: 2.0}},
        mops=lambda c: c and {"centre": 5.0}, quotients=None)
    return made


def compared(*sides, head=None, contender="y", base="x"):
    made = object.__new__(Comparison)
    made.sides, made.base, made.contender = list(sides), base, contender
    made.lead = Made(headline=lambda: head and (
        head.board, head.line, head.threads))
    made.places = made.shared()
    made.pairs = {}
    return made


# ---- which places are shared ----------------------------------------------

def test_a_place_is_shared_by_two_machines_in_the_order_of_the_plans():
    one, two, three, four = (place(t) for t in (1, 2, 3, 4))
    found = compared(side("a", {two: "xy", one: "xy", four: "xy"}),
                     side("b", {three: "xy", one: "xy"}),
                     side("c", {three: "xy", two: "xy"}))
    assert found.places == [two, one, three]


def test_of_one_machine_all_places_count():
    assert compared(side("a", {place(1): "xy"})).places == [place(1)]


# ---- which one the first sentence is about --------------------------------

def headline(head, *sides, **more):
    return compared(*sides, head=head, **more).headline()


def test_the_place_that_most_machines_have_is_before_the_headline():
    head, most = place(8), place(1, 0.5, 9, "other")
    assert headline(head, side("a", {head: "xy", most: "xy"}),
                    side("b", {head: "xy", most: "xy"}),
                    side("c", {most: "xy"})) == most


@pytest.mark.parametrize("gone", ["x", "y", ["x", cell("y", ok=False)],
                                  [cell("x", ok=False), "y"]])
def test_a_machine_has_a_place_with_results_of_both_maps(gone):
    head, other = place(8), place(1)
    sides = [side(n, {head: gone if n == "b" else "xy", other: "xy"})
             for n in "ab"]
    assert headline(head, *sides) == other
    assert headline(head, *(side(n, {head: "xy", other: "xy"})
                            for n in "ab")) == head


@pytest.mark.parametrize("near,far", [
    (place(2), place(4)),  # the headline itself, not more threads
    (place(4), place(1)),  # without it the most threads
    (place(1, keys=64), place(4, keys=9)),  # its board
    (place(1, keys=9), place(4, workload="other")),  # its workload
    (place(1), place(4, share=0.5)),  # its line
    (place(1), place(4, kind="churn")),
    (place(1, kind="churn"), place(4, share=0.5)),  # its share
    (place(4, kind="churn"), place(1, share=0.5)),
    (place(1, share=0.5), place(4, keys=9))])
def test_of_equal_machines_what_is_nearest_to_the_leading_ones(near, far):
    for order in ((near, far), (far, near)):
        both = dict.fromkeys(order, "xy")
        assert headline(place(2), side("a", both), side("b", both)) == near


@pytest.mark.parametrize("which", "ab")
def test_no_more_threads_than_cpus_on_any_machine(which):
    both = {place(1): "xy", place(4): "xy"}
    sides = [side(n, both, crowded=[place(4)] * (n == which)) for n in "ab"]
    assert headline(place(2), *sides) == place(1)


def test_a_crowd_of_a_machine_that_has_not_both_maps_does_not_count():
    sides = [side(n, {place(1): "xy", place(4): "xy"}) for n in "ab"] + [
        side("c", {place(1): "x", place(4): "x"}, crowded=[place(4)])]
    assert headline(place(2), *sides) == place(4)


@pytest.mark.parametrize("how", [
    {"head": None}, {"contender": None}, {"sides": [{}, {}]}])
def test_without_a_shared_place_or_a_pair_there_is_no_headline(how):
    both = {place(2): "xy"}
    sides = [side(n, index) for n, index in zip(
        "ab", how.pop("sides", [both, both]))]
    assert compared(*sides, **{"head": place(2)} | how).headline() is None


def test_the_headlines_line():
    all_of = [place(4), place(1), place(2, 0.5)]
    made = compared(side("a", dict.fromkeys(all_of, "xy")))
    made.head = place(4)
    assert made.line_places() == [place(1), place(4)]


# ---- one machine ----------------------------------------------------------

def test_why_a_map_has_no_result_here():
    here = place()
    one = side("a", {here: ["x", cell("y", False, "void: busy"), "z"]},
               failed={"z": "lost a write", "w": "never planned"})
    assert one.why_not(here, "x") == ""
    assert one.why_not(here, "y") == "void: busy"
    assert one.why_not(here, "z") == "failed verification: lost a write"
    assert one.why_not(here, "v") == one.why_not(here, "w") == \
        "not in this build"
    assert one.why_not(place(9), "x") == \
        "no such cell: not planned on this machine"
    assert one.cell(place(9), "x") is None and one.cell(here, "x").id == "x"


def test_a_reason_of_a_cell_is_before_the_failed_verification():
    one = side("a", {place(): [cell("y", False, "exit 1")]},
               failed={"y": "wrong"})
    assert one.why_not(place(), "y") == "exit 1"


def test_rates_are_of_the_maps_that_may_be_ranked():
    one = side("a", {place(): "xyz"}, ranked="xz")
    assert one.rates(place()) == {"x": {0: 1.0}}  # z has no rate
    assert one.rates(place(9)) == {}


def test_a_cell_stands_at_each_place_that_it_was_asked_for_as():
    """The first cell of a map at a place is the one, also by another name."""
    def planned(name, threads, *more):
        factors = place(threads).board._asdict()
        del factors["optional"], factors["workload"]
        own = Made(**factors, workload="w", map=name, threads=threads,
                   write_kind="update", write_share=0.03, **known.OPTIONAL)
        return Made(map=name, number=next(numbers), known_as=lambda: [
            own, *(Made(**vars(own) | {"workload": w}) for w in more)])
    numbers = iter(range(9))
    found = contrast.index_of(Made(by_measure={"throughput": [
        planned("x", 1), planned("x", 2, "v"), planned("y", 1),
        planned("x", 1)], "latency": [planned("x", 8)]}))
    assert {p: {m: c.number for m, c in cells.items()}
            for p, cells in found.items()} == {
        place(1): {"x": 0, "y": 2}, place(2): {"x": 1},
        place(2, workload="v"): {"x": 1}}
    assert contrast.index_of(Made(by_measure={})) == {}


def test_a_machine_is_asked_for_the_pair_as_far_as_it_has_it(monkeypatch):
    monkeypatch.setattr(contrast, "Analysis", lambda *asked: Made(
        asked=asked[1:], by_measure={}))
    member = Made(label="a", invalid=None,
                  campaign=Made(maps={"x": {}}, failed_maps={}))
    assert Side(member, "x", "y").a.asked == ("x", None)
    assert Side(member, "y", "x").a.asked == (None, "x")
    assert Side(member).a.asked == (None, None)


# ---- rows -----------------------------------------------------------------

PAIR = {"centre": 1.5, "low": 1.4, "high": 1.6, "n": 9}


@pytest.mark.parametrize("ends,word", [
    ((1.4, 1.6), "ahead"), ((0.5, 0.6), "behind"), ((0.9, 1.1), "tied")])
def test_a_ratio_of_a_machine_stands_with_its_base_and_word(ends, word):
    made = compared(side("a", {place(): "xy"}))
    made.pairs["a", place(), "y"] = PAIR | dict(zip(("low", "high"), ends))
    (row,) = made.pair_rows([place()])
    assert row == contrast.places_columns(place()) | {
        "machine": "a", "map": "y", "base": "x", "ratio": 1.5,
        "low": ends[0], "high": ends[1], "n": 9, "side": word, "why": "",
        "base_mops": {"centre": 5.0}, "cell": "y"}


@pytest.mark.parametrize("cells,why", [
    (["x"], "y: no such cell: not planned on this machine"),
    (["y"], "x: no such cell: not planned on this machine"),
    ([cell("x", False, "void"), cell("y", False, "exit 1")], "x: void"),
    (["x", cell("y", False, "exit 1")], "y: exit 1"),
    ("xy", "0 blocks, an interval needs 6")])
def test_a_ratio_that_is_missing_says_why(cells, why):
    made = compared(side("a", {place(): cells}))
    (row,) = made.pair_rows([place()])
    assert row["why"] == why and row["side"] == "no interval"
    assert (row["ratio"], row["low"], row["n"]) == (None, None, 0)


def test_a_ratio_of_few_blocks_has_no_interval():
    made = compared(side("a", {place(): "xy"}))
    made.pairs["a", place(), "y"] = {"centre": 1.5, "low": None,
                                     "high": None, "n": 1}
    (row,) = made.pair_rows([place()])
    assert (row["ratio"], row["side"], row["why"]) == (
        1.5, "no interval", "1 block, an interval needs 6")


def test_every_map_has_a_row_on_each_machine_that_has_the_place():
    made = compared(side("a", {place(1): "xz", place(2): "xy"}),
                    side("b", {place(1): "xy", place(2): "x"}),
                    side("c", {place(1): "x"}))
    assert [(r["threads"], r["map"], r["machine"])
            for r in made.ratio_rows()] == [
        (1, "y", "a"), (1, "y", "b"), (1, "y", "c"), (1, "z", "a"),
        (1, "z", "b"), (1, "z", "c"), (2, "y", "a"), (2, "y", "b")]
    assert [(r["threads"], r["machine"]) for r in made.pair_rows(
        [place(2), place(9)])] == [(2, "a"), (9, "a"), (2, "b"), (9, "b"),
                                   (2, "c"), (9, "c")]


def test_ratios_are_of_both_maps_results_on_one_machine():
    """Seven blocks in which y takes twice to eight times of x's speed."""
    def with_speed(made, factor):
        made.a.sides = lambda other, base: [
            {b: factor * (1 + b / 100) for b in range(7)
             if other.id != "z"}, dict.fromkeys(range(7), 1.0)]
        return made
    sides = [with_speed(side("a", {place(): "xyz"}), 2),
             with_speed(side("b", {place(): ["x", "y"], place(4): "xy"}), 8),
             with_speed(side("c", {place(): [cell("x", False), "y"]}), 9),
             with_speed(side("d", {place(): ["x", cell("y", False)]}), 9)]
    found = compared(*sides).all_pairs()
    assert set(found) == {("a", place(), "y"), ("b", place(), "y")}
    for label, factor in (("a", 2), ("b", 8)):
        summary = found[label, place(), "y"]
        assert summary["n"] == 7
        assert 1.029 * factor < summary["centre"] < 1.031 * factor


@pytest.mark.parametrize("failed,left", [
    ({"z": "lost"}, "y"), ({"x": "lost"}, ""), ({"y": "lost"}, "z")])
def test_of_a_map_with_wrong_answers_there_is_no_ratio(failed, left):
    """Also where nearly all of its trials count."""
    here = place()
    one = side("a", {here: "xyz"}, failed=failed)
    one.a.sides = lambda other, base: [
        dict.fromkeys(range(7), rate) for rate in (2.0, 1.0)]
    made = compared(one)
    made.pairs = made.all_pairs()
    assert {name for _, _, name in made.pairs} == set(left)
    assert made.both(one, here) == (failed.keys() == {"z"})
    for row in made.ratio_rows():
        if row["map"] not in left:
            assert "failed verification: lost" in row["why"]


# ---- who leads ------------------------------------------------------------

class Played:
    """A machine of which only its pair is known."""

    def __init__(self, member, base=None, contender=None):
        self.member, self.asked, self.index = member, (base, contender), {}
        self.a = Made(base=member.pair[0], contender=member.pair[1],
                      look=f"look of {member.name}", headline=lambda: None)
        self.label = member.name


def members(*pairs):
    return Made(members=[Made(name=n, pair=p, campaign=Made(maps={n: {}}))
                         for n, p in zip("abc", pairs)])


@pytest.mark.parametrize("pairs,leads", [
    ((("x", "y"), ("u", "v")), ("a", "x", "y")),
    ((("x", None), ("u", "v"), ("s", "t")), ("b", "u", "v")),
    ((("x", None), ("u", None)), ("a", "x", None))])
def test_the_first_machine_that_has_a_pair_chooses_it(monkeypatch, pairs,
                                                      leads):
    monkeypatch.setattr(contrast, "Side", Played)
    made = Comparison(members(*pairs))
    leader, base, contender = leads
    assert (made.base, made.contender) == (base, contender)
    assert made.lead.look == f"look of {leader}"
    assert [s.label for s in made.sides] == list("abc"[:len(pairs)])
    assert [s.asked for s in made.sides] == [
        (None, None) if s.label == leader else (base, contender)
        for s in made.sides]
    assert set(made.look.family) == set("abc"[:len(pairs)])


def test_a_pair_that_was_asked_for_is_that_of_all_machines(monkeypatch):
    monkeypatch.setattr(contrast, "Side", Played)
    made = Comparison(members(("x", "y"), ("u", "v")), "u", "w")
    assert (made.base, made.contender) == ("u", "w")
    assert [s.asked for s in made.sides] == [("u", "w")] * 2


def test_one_machine_keeps_its_own_look(monkeypatch):
    monkeypatch.setattr(contrast, "Side", Played)
    assert Comparison(members(("x", "y"))).look == "look of a"


def test_the_first_machines_word_of_a_map_is_its_look():
    sides = [Made(member=Made(campaign=Made(maps={"m": {"family": f}})))
             for f in ("lock", "rcu")]
    assert contrast.widest(sides).family == {"m": "lock"}
