# SPDX-License-Identifier: Apache-2.0
"""One campaign as an entry of results/public/: what it found, of what machine
and version, and the hashes of the journal that it follows from. An entry is a
function of the campaign's folder: made again, it is the same bytes."""
import hashlib
import json

from report import checks, trust, verdicts
from report.analysis import Analysis
from report.compare import admit
from report.compare.as_json import rounded
from report.compare.contrast import Comparison, places_columns
from report.compare.gather import Gathered, Member, read, unfinished
from report.compare.ranks import settled
from report.journal import JournalError

FORMAT = 1
MACHINE = ("cpu_name", "kernel", "hypervisor_flag")
BUILD = ("commit", "dirty", "compiler_version", "flags", "binary_sha256")
RATIO = ("map", "base", "ratio", "low", "high", "n", "side", "why")


def hashes(campaign):
    """Of the two files that an entry follows from."""
    return {name.replace(".", "_") + "_sha256": hashlib.sha256(
        (campaign.path / name).read_bytes()).hexdigest()
        for name in ("campaign.json", "trials.jsonl")}


def about(member):
    """Machine, version and plan."""
    meta = member.campaign.meta
    build, machine = meta.get("build") or {}, meta.get("machine") or {}
    return {
        "machine": {"id": member.kind, "cpus": machine.get("cpus"),
                    **{k: member.fact(k) for k in MACHINE}},
        "build": {k: build.get(k) for k in BUILD},
        "mode": meta.get("mode"),
        "workloads": [w.get("name") for w in meta.get("workloads") or []],
        "plan_sha256": meta.get("plan_sha256")}


def group_rows(c):
    """The verdict of every group, as on the page of the campaign."""
    found = settled(c)
    return [{**places_columns(place), **{k: found[c.sides[0].label, place][k]
                                         for k in ("leader", "word", "n",
                                                   "maps", "front")}}
            for place in c.places if (c.sides[0].label, place) in found]


def of_folder(path, where):
    """The entry of a campaign; JournalError.

    where -- where its folder can be had, in words or an address
    """
    campaign = read(path)
    why = admit.within(campaign)
    if why:
        raise JournalError(f"{path}: {why}")
    member = Member(campaign.name, path, campaign, None,
                    unfinished(campaign))
    a = Analysis(campaign)
    controls = checks.control_rows(a)
    c = Comparison(Gathered([member], wanted=1))
    return rounded({
        "format": FORMAT, "kind": "public result", "name": campaign.name,
        "created_utc": campaign.meta.get("created_utc"),
        "synthetic": bool(campaign.meta.get("synthetic")),
        "journal": where, **hashes(campaign), **about(member),
        "trials": campaign.trials, "complete": member.whole,
        "notes": member.notes, "invalid": checks.invalid(controls),
        "trust": trust.judge(a, controls)["word"],
        "headline": c.head and places_columns(c.head),
        "margin": verdicts.MARGIN, "groups": group_rows(c),
        "ratios": [{**{k: r[k] for k in RATIO}, **places_columns(place)}
                   for place in c.places
                   for name in sorted(c.sides[0].index[place])
                   if name != c.base
                   for r in [c.row(c.sides[0], place, name)]]})


def text_of(entry):
    return json.dumps(entry, indent=1, sort_keys=True,
                      ensure_ascii=False) + "\n"


def first_difference(told, true, at=""):
    """Where an entry is not what its journal gives; None where it is."""
    if type(told) is not type(true):
        return f"{at or 'it'}: {told!r}, the journal gives {true!r}"
    if isinstance(true, dict):
        for key in sorted(told.keys() | true.keys()):
            if key not in told or key not in true:
                return f"{at}.{key}: only on one side".lstrip(".")
            found = first_difference(told[key], true[key],
                                     f"{at}.{key}".lstrip("."))
            if found:
                return found
        return None
    if isinstance(true, list):
        if len(told) != len(true):
            return f"{at}: {len(told)}, the journal gives {len(true)}"
        return next(filter(None, (
            first_difference(x, y, f"{at}[{i}]")
            for i, (x, y) in enumerate(zip(told, true)))), None)
    return None if told == true else \
        f"{at}: {told!r}, the journal gives {true!r}"
