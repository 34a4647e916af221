# SPDX-License-Identifier: Apache-2.0
"""Each of the 155 rows of the ledger is falsifiable: fed journals in which it
is true, false, or not to be known, it says so, by its own cells, statistic,
limits and number of blocks of `make claims` (every_claim.py)."""
import functools
import json
import subprocess
from collections import Counter
from dataclasses import replace

import every_claim
import numpy as np
import pytest
from built_maps import BUILD, listed, maps_of
from every_claim import FALSE, NONE, OPEN, SIZE, TRUE, Impossible
from report_helpers import TOP

from report import stats  # noqa: E402
from report.claims import decide, ledger, power, rules, show  # noqa: E402

CLAIMS = ledger.read()
WITH_CELLS = {name: c for name, c in CLAIMS.items() if c.cells}
MISSING = set().union(*map(maps_of, WITH_CELLS.values())) - listed()[0]
pytestmark = [pytest.mark.long, pytest.mark.skipif(
    bool(MISSING), reason="not built: " + ", ".join(sorted(MISSING)))]
SIDED = ("direction", "ratio")
# What a rule can be fed, and the words that it must find for that. A state
# that is not here no journal can have, by the rule (docs/claims.md).
R, F, U = rules.REPRODUCED, rules.REFUTED, rules.INCONCLUSIVE
SAYS = {
    "direction": {TRUE: (R, ""), FALSE: (F, rules.OPPOSITE),
                  NONE: (F, rules.NO_DIFFERENCE), OPEN: (U, "")},
    "ratio": {TRUE: (R, ""), FALSE: (F, rules.OPPOSITE),
              SIZE: (F, rules.SIZE), NONE: (F, rules.NO_DIFFERENCE),
              OPEN: (U, "")},
    "equal": {TRUE: (R, ""), FALSE: (F, "they differ"), OPEN: (U, "")},
    "figure": {TRUE: (R, ""), FALSE: (F, ""), SIZE: (F, ""), OPEN: (U, "")},
    "count": {TRUE: (R, ""), FALSE: (F, "1 of "), SIZE: (F, "1 of ")},
    "never": {TRUE: (R, "no counter-example in "),
              FALSE: (F, "1 counter-example")},
    "can-happen": {TRUE: (R, "1 time in "), FALSE: (F, ""),
                   OPEN: (U, "none in ")},
    "slope": {TRUE: (R, ""), FALSE: (F, "slope "), OPEN: (U, "")}}


@functools.cache
def plan():
    """What `make claims` runs here."""
    done = subprocess.run(
        [BUILD / "readmostly", "plan", "--json", "--mode", "claims-quick"],
        capture_output=True, text=True, cwd=TOP)
    assert done.returncode == 0, done.stderr
    return show.plan_of(json.loads(done.stdout))


def possible(claims, *states, **more):
    """The rows that can be in these states."""
    found = []
    for claim in claims:
        try:
            found.append(every_claim.row_in(plan(), claim, states, **more))
        except Impossible:
            pass
    return found


def decided(rows, **machine):
    """id -> verdict, of all of them as one family."""
    made = every_claim.campaign(rows, **machine)
    return {v["id"]: v for v in decide.verdicts(
        made, {row.claim.id: row.claim for row in rows})}


def asked(rule, state):
    return [c for c in WITH_CELLS.values() if c.rule == rule
            and state in SAYS[rule]]


@functools.cache
def in_state(state):
    return decided([row for rule in SAYS for row in possible(
        asked(rule, state), state)])


# ---- each row, each state -------------------------------------------------

@pytest.mark.parametrize("state", every_claim.STATES)
def test_each_row_says_so_when_it_is(state):
    found = in_state(state)
    wrong = [(name, CLAIMS[name].rule, v["verdict"], v["how"])
             for name, v in found.items()
             for word, how in [SAYS[CLAIMS[name].rule][state]]
             if v["verdict"] != word or not v["how"].startswith(how)
             and not all(c["how"].startswith(how) for c in v["cells"])]
    assert not wrong, "\n".join(map(str, wrong))


def test_no_row_is_left_out_of_a_state():
    """Where a row cannot be in a state, that is by its rule: a lower limit
    of 0 has nothing below, and what no other map is held against no other
    map can have, too."""
    missing = {}
    for state in every_claim.STATES:
        for rule, says in SAYS.items():
            if state in says:
                missing |= {(c.id, state): c for c in asked(rule, state)
                            if c.id not in in_state(state)}
    for (name, state), claim in missing.items():
        by_rule = (claim.rule == "can-happen" and state == FALSE
                   and not claim.against) or any(
            claim.rule in ("ratio", "figure", "count") and state == SIZE
            and not one.claimed[0] for one in claim.each())
        assert by_rule, (name, claim.rule, state)
    assert len(WITH_CELLS) + sum(
        c.rule in ledger.WITHOUT_CELLS for c in CLAIMS.values()) == 155


def test_a_row_without_a_trial_decides_nothing():
    rows = possible(WITH_CELLS.values(), TRUE)
    made = every_claim.campaign(rows)
    for cell in made.cells.values():
        cell.ok = []
        for trial in cell.trials:
            trial.update(status="void", exit="0", result=None)
    found = decide.verdicts(made, {r.claim.id: r.claim for r in rows})
    assert Counter(v["verdict"] for v in found) == {
        rules.NOT_HERE: len(WITH_CELLS)}


def test_a_machine_that_lacks_what_a_row_needs_leaves_it_open():
    found = decided(possible(WITH_CELLS.values(), TRUE), cpus=1,
                    counters="none")
    needy = {c.id for c in WITH_CELLS.values()
             if c.needs or c.numbers == "counters"}
    assert {n for n, v in found.items()
            if v["verdict"] == rules.NOT_HERE} == needy and needy


def test_a_map_that_is_not_in_the_build_is_named_with_what_it_needs():
    """Not where another map's figures decide, as the port's where Go is not
    here, nor where some of its cells have their maps."""
    made = every_claim.campaign([])
    made.meta["skipped_maps"] = [
        {"id": "go_sync_map", "needs": "go"}, {"id": "growth_log", "needs": "x"},
        {"id": "hash_xxh3", "needs": "libxxhash"}]
    found = {v["id"]: (v["verdict"], v["how"]) for v in decide.verdicts(
        made, WITH_CELLS) if "this build lacks" in v["how"]}
    assert {name: found[name] for name in ("S2-02", "S2-23")} == {
        "S2-02": (rules.NOT_HERE,
                  "go_sync_map, which this build lacks: it needs go"),
        "S2-23": (rules.NOT_HERE,
                  "hash_xxh3, which this build lacks: it needs libxxhash")}
    gone = {"go_sync_map", "growth_log", "hash_xxh3"}
    assert set(found) == {
        c.id for c in WITH_CELLS.values()
        if all(gone & set(one.maps()) for one in c.each())}


def test_each_claim_of_speed_has_the_blocks_that_its_family_needs():
    """Also where it is the first that is called: with one block fewer no
    difference, however large, is a word."""
    rows = possible([c for c in WITH_CELLS.values()
                     if c.speaks == "speed"], TRUE)
    found = decide.gathered(every_claim.campaign(rows), {
        row.claim.id: row.claim for row in rows})
    least = stats.family_needs(power.groups_of(found))["least"]
    few = {key[0]: len(e.values) for key, of in found.items()
           for one, e in of if decide.tested(one, e)
           and len(e.values) < least}
    assert least == 15 and not few, few


# ---- rows without cells ---------------------------------------------------

def alone(claim):
    return decided_alone(claim)["verdict"]


def decided_alone(claim):
    return decide.verdicts(every_claim.campaign([]), {claim.id: claim})[0]


@pytest.mark.parametrize("claim", [
    c for c in CLAIMS.values() if c.rule == "arithmetic"],
    ids=lambda c: c.id)
def test_arithmetic_is_refuted_where_another_number_is_claimed(claim):
    """The word of the ledger's own number is not asked: it is computed."""
    value = float(decided_alone(claim)["how"].rpartition("= ")[2])
    right, wrong = (replace(claim, claimed=(v, v), tolerance=1.001)
                    for v in (value, value * 1.1 + 1))
    assert (alone(right), alone(wrong)) == (R, F)


def test_what_has_no_experiment_never_decides():
    none = [c for c in CLAIMS.values() if c.rule == "none"]
    assert none and {alone(c) for c in none} == {rules.NOT_HERE}


# ---- several cells, and Go ------------------------------------------------

def test_cells_that_disagree_make_depends_or_refute():
    """By whether the article names the conditions of its claim."""
    several = [c for c in WITH_CELLS.values() if len(c.each()) > 1
               and not (c.rule == "can-happen" and not c.against)]
    found = decided(possible(several, TRUE, FALSE))
    wrong = [(n, v["verdict"], v["how"]) for n, v in found.items()
             if v["verdict"] != (rules.DEPENDS if
                                 CLAIMS[n].conditions == "unstated" else F)]
    assert len(found) > 20 and not wrong, wrong


def test_go_decides_what_is_said_of_go():
    """The port true and Go false: the verdict is Go's, and they differ."""
    both = [c for c in WITH_CELLS.values() if c.about == "go"
            and c.each(go=True) and FALSE in SAYS[c.rule]]
    rows = possible(both, TRUE, go=(FALSE,))
    found = decided(rows)
    ported = {n: v for n, v in found.items() if v["port"]}
    assert len(ported) > 15
    assert {(v["verdict"], v["of"], v["port"]["verdict"], v["agree"])
            for v in ported.values()} == {(F, "Go", R, False)}


# ---- what is no difference, and chance ------------------------------------

@pytest.mark.parametrize("ratio", [1.1, 1 / 1.1])
def test_a_tenth_refutes_what_is_called_equal(ratio, monkeypatch):
    monkeypatch.setattr(every_claim, "of_equal",
                        lambda one, state: (ratio, every_claim.NOISE))
    found = decided(possible([c for c in WITH_CELLS.values()
                              if c.rule == "equal"], FALSE))
    assert {v["verdict"] for v in found.values()} == {F} and len(found) == 2


def permuted(found, rng):
    """Labels of the maps of each claim, dealt again in each block."""
    def dealt(name, values):
        swap = coins.setdefault(name, {})
        return tuple((block, 1 / v if swap.setdefault(
            block, rng.random() < 0.5) else v) for block, v in values)
    coins = {}
    return {key: [(one, replace(e, values=dealt(key[0], e.values)))
                  for one, e in of] for key, of in found.items()}


def test_permuted_labels_reproduce_nothing():
    """Of direction and ratio, 100 times: at most 1 % on average, and of no
    row more than 5."""
    rows = possible([c for c in WITH_CELLS.values() if c.rule in SIDED], TRUE)
    made = every_claim.campaign(rows)
    claims = {row.claim.id: row.claim for row in rows}
    true, rng = decide.gathered(made, claims), np.random.default_rng(20261124)
    hits = Counter()
    for _ in range(100):
        found = permuted(true, rng)
        ps = decide.corrected(decide.family_of(found, (decide.PORT,
                                                       decide.GO)))
        hits.update(c.id for c in claims.values() if decide.verdict_of(
            made, c, found, ps)["verdict"] == R)
    print(f"reproduced {sum(hits.values())} of {100 * len(claims)}: "
          f"{hits.most_common(9)}")
    assert len(claims) == 72
    assert sum(hits.values()) <= len(claims) and max(
        hits.values(), default=0) <= 5
