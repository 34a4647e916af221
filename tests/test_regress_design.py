# SPDX-License-Identifier: Apache-2.0
"""Facts about how make regress lays out its trials, and about its plan."""
import json
import math
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from gate_fake import (COST_NS, PLAN, Fake, Kept, campaign_of,  # noqa: E402
                       verdicts_of)
from report import (gate_table, regress, regress_plan,  # noqa: E402
                    regress_trials)


# ---- the design -----------------------------------------------------------

def test_pairs_share_a_seed_and_blocks_do_not():
    fake = Fake()
    campaign = campaign_of(fake)
    rows = regress_trials.run_blocks(campaign, Kept(), fake)
    seeds = {}
    for row in rows:
        seeds.setdefault(row["block"], set()).add(row["seed"])
    assert all(len(s) == 1 for s in seeds.values())
    assert len(set.union(*seeds.values())) == campaign["plan"]["blocks"]


def test_every_block_has_every_arm_once_and_pairs_stay_together():
    fake = Fake()
    campaign = campaign_of(fake)
    rows = regress_trials.run_blocks(campaign, Kept(), fake)
    keys = [(r["cell"], r["block"], r["arm"]) for r in rows]
    assert len(set(keys)) == len(keys) == 40 * 2 * 6
    for first, second in zip(rows[::2], rows[1::2]):
        assert (first["slot"], second["slot"]) == (0, 1)
        assert first["cell"] == second["cell"]
        assert first["arm"] != second["arm"]


def test_order_depends_on_the_seed_only_and_is_random():
    a = [regress_trials.block_order(5, b, 6) for b in range(400)]
    assert a == [regress_trials.block_order(5, b, 6) for b in range(400)]
    assert a != [regress_trials.block_order(6, b, 6) for b in range(400)]
    firsts = sum(base_first for _, o in a for _, base_first, *_ in o)
    assert abs(firsts - 1200) < 4 * math.sqrt(600)
    places = [o[0][0] for _, o in a]
    assert all(places.count(i) > 30 for i in range(6))
    assert len({p for _, o in a for p in o[0][2:]}) > 500


def test_windows_are_counted_once_on_base_and_last_20_to_30_ms():
    fake = Fake()
    campaign = campaign_of(fake)
    for cell in campaign["cells"].values():
        assert 20e6 <= cell["window_ops"] * COST_NS <= 30e6
        assert cell["window_ns"] == 0
        assert cell["warm_up_ns"] >= 25e6 / 3
        assert cell["warm_up_ns"] >= cell["keys"] * COST_NS * 0.97
        assert f"/{cell['window_ops']}ops/" in cell["id"]
    assert {c[0] for c in fake.calls} == {"base"}


@pytest.mark.parametrize("cpus, role", [(1, None), (3, "advice"), (4, "gate")])
def test_two_threads_are_advice_below_four_cpus(cpus, role):
    campaign = campaign_of(Fake(), cpus=range(cpus))
    two = [c["role"] for c in campaign["contrasts"] if "/t2/" in c["cell"]]
    assert two == ([role] if role else [])
    if not role:
        assert campaign["skipped"][0]["reason"] == "needs 2 CPUs, 1 usable"
        v = verdicts_of(Fake(), cpus=range(cpus))
        assert v["verdict"] == "PASS" and len(v["skipped"]) == 1


def test_advice_is_shown_and_decides_nothing():
    class TwoSlow(Fake):
        def __call__(self, binary, request, *rest):
            two = request["cell"]["threads"] == 2
            self.slow = {"head": 0.1} if two else {}
            return super().__call__(binary, request, *rest)
    v = verdicts_of(TwoSlow())
    assert v["verdict"] == "PASS"
    assert v["advice"][0]["verdict"] == "FAIL"
    assert "advice only, FAIL" in gate_table.table(v)


def test_threads_get_cores_of_their_own_before_siblings():
    def core(cpu):
        return cpu % 2
    assert regress.choose_cpus(1, {0, 1, 2, 3}, core) == [3]
    assert regress.choose_cpus(2, {0, 1, 2, 3}, core) == [3, 2]
    assert regress.choose_cpus(2, {1, 3}, core) == [3, 1]
    assert regress.choose_cpus(3, {1, 3}, core) is None


# ---- the plan (R26) -------------------------------------------------------

@pytest.mark.parametrize("change, word", [
    ({"alpha": None}, "alpha missing"),
    ({"margin": 0.03}, "margin"),
    ({"blocks": 12}, "cannot decide"),
    ({"min_pairs": 6}, "cannot decide"),
    ({"flips": 100}, "cannot decide"),
    ({"window_ns": [1000, 2000]}, "window_ns"),
    ({"control_cell": 3}, "control_cell")])
def test_a_plan_that_decides_nothing_is_refused(tmp_path, change, word):
    plan, _ = regress_plan.load_plan(PLAN)
    plan |= change
    plan = {k: v for k, v in plan.items() if v is not None}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    with pytest.raises(regress_plan.InputError, match=word):
        regress_plan.load_plan(str(path))


def test_no_plan_no_run(tmp_path):
    with pytest.raises(regress_plan.InputError, match="without a plan"):
        regress_plan.load_plan(str(tmp_path / "none.json"))
