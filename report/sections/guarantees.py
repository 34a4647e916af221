# SPDX-License-Identifier: Apache-2.0
"""6b Guarantees: what each map promises, of the sheets that campaign.json has;
whose maps these are; and maps that no package has."""
import csv
import functools
from pathlib import Path

from report import words
from report.guarantees import SAYS, duty, length, stalled
from report.page import chip, details, none

IMPLS = Path(__file__).resolve().parents[2] / "impls"
NOT_PACKAGED = IMPLS / "facts/not-packaged.tsv"
TITLE = "6b Guarantees"
QUESTION = ("What does each map promise beside its speed, whose is it, and "
            "which maps are missing here?")
COLUMNS = [("map", "html"), ("progress", "text"), ("iteration", "text"),
           ("length", "text"), ("memory while a reader is stalled", "text"),
           ("growth", "text"), ("asks of its caller", "text"),
           ("licence, version", "text")]
OURS, UNKNOWN = "Apache-2.0, of this project", "not recorded"
THREADS = ("1", "16", "128")
ABSENT = [("map", "text"), ("language", "text"),
          *((f"Mop/s, {n} {'thread' if n == '1' else 'threads'}", "num")
            for n in THREADS),
          ("machine", "text"), ("workload", "text"), ("source", "text"),
          ("published", "text")]


@functools.lru_cache(maxsize=None)
def ours():
    """Maps of this project: in this tree, but of no library."""
    return {file.stem for file in IMPLS.glob("*/*.c")
            if file.parent.name != "lib"}


def row(about):
    """Cells but the map's name: of its sheet where it has one, else of its
    description."""
    facts = about.get("facts") or {}
    if facts:
        told = facts["version-told-by"].partition(":")[0]
        return [*(facts[key] for key in ("progress", "iteration", "length",
                                         "stalled-reader")),
                *bound(about),
                f"{facts['licence']}; {facts['version']}, told by {told}"]
    return [about["progress"],
            SAYS["guarantees"].get(about["guarantees"], "no promise"),
            length(about), stalled(about) or UNKNOWN, *bound(about),
            OURS if about["id"] in ours() else UNKNOWN]


def bound(about):
    """Whether it grows, and what its look-ups ask of their caller."""
    unsaid = "nothing" if about.get("duty") == "none" else UNKNOWN
    return ("never grows" if "fixed-size" in about["caps"] else "grows",
            duty(about) or unsaid)


def shown(a):
    """Maps of the plan that somebody could use, by name."""
    planned = {c.map for c in a.campaign.cells.values()}
    return [m for m in sorted(planned) if a.peer(m)
            and not a.campaign.maps[m].get("misuse")]


def interest(maps):
    """Who wrote what is compared, in two sentences."""
    own = ours() & maps.keys()
    sheets = [about["facts"] for about in maps.values()
              if about.get("facts")]
    alone = sum(s["reviewed"] == "by its author only" for s in sheets)
    return (f"<p><b>Conflict of interest.</b> {len(own)} of these "
            f"{words.plural(len(maps), 'map')} {verb(own)} this project's "
            "own: who measures them wrote them, and chose the workloads. The "
            "others are used as their documentation says; of "
            f"{words.plural(len(sheets), 'fact sheet')} {alone} "
            f"{'was' if alone == 1 else 'were'} reviewed by nobody but the "
            "author of the adapter. <code>docs/peers.md</code> says how the "
            "author of a library corrects one.</p>")


def verb(several):
    return "is" if len(several) == 1 else "are"


@functools.lru_cache(maxsize=None)
def not_packaged():
    """Rows of impls/facts/not-packaged.tsv."""
    lines = [line for line in NOT_PACKAGED.read_text("utf-8").splitlines()
             if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


def absent_row(line):
    return [line["map"], line["language"],
            *(dash(line[f"mops_{n}"]) for n in THREADS),
            *(dash(line[key]) for key in ("machine", "workload", "source")),
            line["note"]]


def dash(text):
    return "–" if text == "-" else text


def promised(report, a, maps):
    return report.table(
        "guarantees", "<b>What each map promises</b>: of the fact sheets of "
        "libraries' maps (<code>readmostly dev list --facts ID</code>), as the "
        "campaign has them; of others, of their descriptions. The progress "
        "is that of the weakest operation on a key.", COLUMNS,
        [[chip(a.look, m), *row(about)] for m, about in maps.items()],
        css="cards")


def missing(report):
    return details("Maps that are missing here", report.table(
        "not-packaged", "<b>Not packaged</b>: maps that Debian 12 has no "
        "package of, and that are not measured here. Their figures are of "
        "other programs on other machines, published by whom the last column "
        "says: they are compared with nothing.", ABSENT,
        [absent_row(line) for line in not_packaged()], css="cards"))


def add(report, a):
    maps = {name: a.campaign.maps[name] for name in shown(a)}
    if maps:
        report.section("guarantees", TITLE, QUESTION, interest(maps),
                       promised(report, a, maps), missing(report))
    else:
        report.section("guarantees", TITLE, QUESTION, none(
            "the plan has no map but bounds"))
