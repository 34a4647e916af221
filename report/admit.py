# SPDX-License-Identifier: Apache-2.0
"""Whether machines are fit for a campaign on several (docs/fleet.md).

    python3 -m report admit DIR...     a campaign of MODE=admission each

A line for each machine: name, verdict (admitted or off), reason, separated by
tabs. Held against the others of its kind, which are those of one machine id;
limits are report/admission.json.
"""
import argparse
import json
import math
import statistics
from collections import namedtuple
from pathlib import Path

RULE = Path(__file__).with_name("admission.json")
# why: in words, where its campaign says nothing of it
Figures = namedtuple("Figures", "kind medians aa disturbed why", defaults=[""])


def halves(rates):
    """How far the median of odd blocks is from that of even ones, >= 0."""
    odd, even = ([rate for block, rate in rates.items() if block % 2 == side]
                 for side in (1, 0))
    if not odd or not even:
        return math.inf
    return abs(math.log(statistics.median(odd) / statistics.median(even)))


def figures_of(campaign):
    from report.journal import rates
    timed = [cell for cell in campaign.cells.values()
             if cell.measure == "throughput" and not cell.skip]
    by_cell = {cell.id: rates(cell.ok) for cell in timed if cell.ok}
    trials = [trial for cell in timed for trial in cell.trials]
    spoilt = sum(t["status"] != "ok" or bool(t.get("disturbed"))
                 for t in trials)
    return Figures(
        campaign.meta["machine"]["id"],
        {id: statistics.median(found.values())
         for id, found in by_cell.items()},
        max(map(halves, by_cell.values()), default=math.inf),
        spoilt / len(trials) if trials else 1.0,
        "" if trials else "no trial of it has been run")


def apart(name, machines):
    """Log of its speed by the median of its kind, or None where it is alone.
    Of two, nobody can say which is usual: the slower one is off."""
    own = machines[name]
    kind = [m for m in machines.values() if m.kind == own.kind and m.medians]
    logs = []
    for cell, median in own.medians.items():
        found = [m.medians[cell] for m in kind if cell in m.medians]
        if len(found) > 1:
            logs.append(math.log(median / statistics.median(found)))
    mean = statistics.fmean(logs) if logs else None
    return min(mean, 0.0) if len(kind) == 2 and logs else mean


def judge(name, machines, rule):
    """(verdict, reason) of one machine among `machines`."""
    own, speed = machines[name], apart(name, machines)
    if own.why:
        return "off", own.why
    if not own.medians or own.disturbed > rule["disturbed_most"]:
        return "off", (f"{own.disturbed:.0%} of its trials were void or "
                       f"disturbed, the limit is {rule['disturbed_most']:.0%}")
    if own.aa > math.log1p(rule["aa_most"]):
        return "off", (f"two halves of its own blocks differ by "
                       f"{math.expm1(own.aa):.1%}, the limit is "
                       f"{rule['aa_most']:.0%}")
    if speed is None:
        return "admitted", "alone of its kind: its speed was not compared"
    if abs(speed) > math.log1p(rule["speed_most"]):
        return "off", (f"its speed is {math.exp(speed):.2f} of that of others "
                       f"of its kind, the limit is {rule['speed_most']:.0%}")
    return "admitted", ""


def main(words):
    from report.journal import JournalError, read
    parser = argparse.ArgumentParser(
        prog="python3 -m report admit", description="Are machines fit for a "
        "campaign on several? A line for each: name, admitted or off, reason.")
    parser.add_argument("folders", metavar="DIR", nargs="+",
                        help="campaign of MODE=admission")
    rule, machines = json.loads(RULE.read_text()), {}
    for word in parser.parse_args(words).folders:
        try:
            machines[Path(word).name] = figures_of(read(word))
        except JournalError as error:
            machines[Path(word).name] = Figures(
                None, {}, math.inf, 1.0, " ".join(str(error).split()))
    for name in sorted(machines):
        print(name, *judge(name, machines, rule), sep="\t")
    return 0
