# SPDX-License-Identifier: Apache-2.0
"""What differs between the set-ups of two campaigns: machine, compiler,
flags, versions, binary. A list, not a judgement."""
from report import facts, previous, words

MOVING = ("load", "cpu_pressure", "capabilities", "cgroup_quota")
MOST = 24  # differences of one kind that are spelt out


def machine_facts(campaign):
    return {name: text for name, status, text in facts.flatten(
        campaign.meta.get("machine") or {}) if status == "ok"
        and name not in MOVING}


def unequal(kind, then, now):
    """[(kind, name, then, now)] of two dicts; None: not there."""
    return [(kind, name, then.get(name), now.get(name))
            for name in sorted(then.keys() | now.keys())
            if then.get(name) != now.get(name)]


def build_facts(campaign):
    build = campaign.meta.get("build") or {}
    return {name: build.get(name) for name in previous.BUILD}


def code_of(campaign):
    """map -> hash of its machine code: the same source may be other code."""
    return {name: about.get("code") or about.get("source")
            for name, about in campaign.maps.items()}


def run_facts(campaign):
    busy = campaign.meta.get("busy")
    return {"busy before the first trial": busy and busy.get("text"),
            "CPU speed, additions per ns": words.sig(
                previous.speed(campaign)) if previous.speed(campaign)
            else None,
            "counters": (campaign.meta.get("counters") or {}).get(
                "backend")}


def code_rows(old, new, maps):
    """Maps whose code differs, in one row: a hash says no more."""
    then, now = code_of(old), code_of(new)
    other = sorted(m for m in maps if m in then and m in now
                   and then[m] != now[m])
    return [("maps", f"machine code of {', '.join(other)}", "one",
             "another")] if other else []


def differences(old, new, maps):
    """[(kind, name, then, now)] of all that is not the same."""
    return [*unequal("machine", machine_facts(old), machine_facts(new)),
            *unequal("build", build_facts(old), build_facts(new)),
            *code_rows(old, new, maps),
            *unequal("run", run_facts(old), run_facts(new))]


def shown(value):
    if value is None:
        return "not known"
    text = previous.shown(value)
    return text if len(text) <= 70 else text[:69] + "…"


def lines(found):
    for kind, name, then, now in found[:MOST]:
        yield f"  {kind}: {name}: {shown(then)} then, {shown(now)} now"
    if len(found) > MOST:
        yield (f"  and {words.count(len(found) - MOST)} more, all in "
               "reproduction.json")
