# SPDX-License-Identifier: Apache-2.0
"""The workload file that would settle a question (docs/advise.md), word for
word, of campaigns made by hand. That the runner takes it:
test_advise_refusals.py."""
from types import SimpleNamespace as Made

import pytest
from test_advise_numbers import place

from report import modes
from report.advise import workload

TIMES = {"warm_up_ns": 50_000_000, "window_ns": 2_000_000_000,
         "window_ops": 0, "deadline_ns": 90_000_000_000}


def analysis(maps=("b", "a"), ranked=None, times=TIMES):
    cells = [] if times is None else [Made(factors=times),
                                      Made(factors=TIMES)]
    return Made(by_measure={"throughput": cells},
                campaign=Made(maps=dict.fromkeys(maps)),
                ranked=lambda m: m in (maps if ranked is None else ranked))


# ---- settings -------------------------------------------------------------

def test_the_place_with_the_campaigns_times_and_maps():
    assert list(workload.settings(analysis(), place(
        0.03, 65536, 8, dist="zipf:0.99")).items()) == [
        ("writes", "3%"), ("keys", "64Ki"), ("threads", "8"),
        ("misses", "0%"), ("write-kind", "update"), ("dist", "zipf:0.99"),
        ("shape", "u64x8"), ("placement", "cores"), ("warm-up", "50ms"),
        ("window", "2s"), ("deadline", "90s"), ("blocks", "20"),
        ("maps", "a b")]


def test_a_window_of_operations_stays_one():
    found = workload.times_of(analysis(times=TIMES | {"window_ops": 8000}))
    assert found == {"warm-up": "50ms", "window": "8000ops",
                     "deadline": "90s"}


@pytest.mark.parametrize("gone", [None, *TIMES])
def test_where_the_times_are_not_known_the_usual_ones_stand(gone):
    times = None if gone is None else {
        k: v for k, v in TIMES.items() if k != gone}
    found = workload.times_of(analysis(times=times))
    assert found == {"warm-up": "50ms", "window": "200ms", "deadline": "60s"}
    found["window"] = "1s"
    assert workload.WINDOW["window"] == "200ms"


def test_the_maps_are_those_that_may_be_ranked():
    assert workload.maps_of(analysis("cab", "ba")) == ["a", "b"]
    assert workload.maps_of(analysis("cab", "")) == ["all"]


@pytest.mark.parametrize("maps,blocks", [(2, 20), (229, 20), (230, 21)])
def test_as_many_blocks_as_a_claim_and_a_ranking_need(maps, blocks):
    """A claim needs 20; a ranking n with 2 / 2^n <= 0.05 / pairs: 20 of up
    to 26 214 pairs, and 230 maps have 26 335."""
    named = [f"m{i}" for i in range(maps)]
    got = workload.settings(analysis(named), place())["blocks"]
    assert got == str(blocks)


# ---- a list of maps that is too long --------------------------------------

def longest(n):
    """Two maps whose line `maps       = A B` has n characters."""
    return ["a", "b" * (n - len("maps       = a "))]


def test_a_line_of_190_characters_is_the_longest():
    at = place()
    assert "maps" in workload.settings(analysis(longest(190)), at)
    assert "maps" not in workload.settings(analysis(longest(191)), at)


# ---- modes ----------------------------------------------------------------

def test_which_modes_decide_more(tmp_path):
    """Modes without a budget, without blocks in the head, and those of a set
    are left out."""
    for name, text in {
            "A": "budget = 3h\nblocks = 40\n",
            "b": "budget = 1.5h\nblocks = 20\n[x]\nblocks = 9\n",
            "a": "blocks = 3 # few\nbudget    = 90s\nworkloads = x y\n",
            "claims-d": "budget = 2min\nblocks = 7\n",
            "e": "budget = 2min\n[x]\nblocks = 7\n",
            "f": "blocks = 7\n", "g": "budget = 2 days\nblocks = 7\n",
            "h": "budget = 90s\nblocks = many\n"}.items():
        (tmp_path / f"{name}.conf").write_text(text)
    assert modes.modes(tmp_path) == [(1.5, "a", 3), (90.0, "b", 20),
                                     (180.0, "A", 40)]


@pytest.mark.parametrize("mode,command", [
    ("quick", "make bench MODE=quick"), ("a b", "make bench MODE='a b'"),
    ("claims-full", "make bench SET=claims MODE=full"),
    ("peers", "make bench SET=peers MODE=quick")])
def test_the_command_of_a_mode(mode, command):
    """Older campaigns of a set have its name alone."""
    assert modes.make_bench(mode) == command


@pytest.mark.parametrize("mode,need,found", [
    ("s", 1, ("m", 9)), ("s", 4, ("m", 9)), ("s", 5, ("l", 60)),
    ("s", 9, None), ("m", 1, ("l", 60)), ("l", 1, None), ("x", 1, None),
    (None, 1, None)])
def test_the_next_mode_is_the_shortest_longer_one_with_blocks_enough(
        monkeypatch, mode, need, found):
    monkeypatch.setattr(modes, "modes", lambda: [
        (2, "s", 1), (9, "m", 4), (60, "l", 8)])
    assert modes.next_mode(mode, need) == found
