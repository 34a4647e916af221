# SPDX-License-Identifier: Apache-2.0
"""Writes a comparison as comparison.json, as a page, and as lines for the terminal."""
import os
from pathlib import Path
from typing import NamedTuple

from report import folders
from report.compare import agreement, places, twins, versions
from report.compare.gather import Gathered, same_machine
from report.compare.model import FORMAT, Document
from report.model.encode import to_json
from report.model.place import Outcome
from report.model.trust import Trust
from report.render import text
from report.render.view import View, wrapped

TEMPLATES = Path(__file__).with_name("templates")
ORDER = (Outcome.DECIDED, Outcome.TIED, Outcome.ALONE, Outcome.OPEN, None)


def build(found: Gathered, out: Path) -> Document:
    """Computes the whole comparison. `out` is the folder of comparison.json; paths are relative
    to it."""
    sides, shared = places.sides_of(found.members)
    head = places.headline(sides, shared)
    return Document(
        FORMAT, "comparison", found.complete, found.wanted,
        any(m.campaign.plan.synthetic for m in found.members),
        all(same_machine(found.members[0], m) for m in found.members[1:]),
        shared.index(head) if head else None, tuple(shared),
        tuple(places.machine(s, shared, os.path.relpath(s.member.campaign.path, out))
              for s in sides),
        found.absent, places.board(sides, head) if head else (),
        agreement.agreement(sides, shared), twins.twins(sides, shared),
        agreement.claims([m.result.claims for m in found.members]),
        tuple(versions.version(v) for v in found.versions))


class Answer(NamedTuple):
    """Machines with the same result; `outcome` is None if no map is recommended."""
    outcome: Outcome | None
    maps: tuple[str, ...]
    machines: tuple[str, ...]


def answers(d: Document) -> list[Answer]:
    """Groups the machines by their result; the most frequent result comes first."""
    found: dict[tuple[Outcome | None, tuple[str, ...]], list[str]] = {}
    for m in d.machines:
        ranking = None if d.headline is None or m.trust.verdict is Trust.NOT \
            else m.rankings[d.headline]
        key = (ranking.outcome, tuple(sorted(ranking.front))) if ranking else (None, ())
        found.setdefault(key, []).append(m.label)
    return [Answer(*key, tuple(labels)) for key, labels in sorted(
        found.items(), key=lambda kv: (ORDER.index(kv[0][0]), -len(kv[1]), kv[0][1]))]


def is_empty(d: Document) -> bool:
    """True if runs of different workloads are compared and none of them recommends a map, or if
    two versions have no cell in common."""
    if len(d.machines) == 1:
        return all(c.ratio.value is None for v in d.versions for c in v.changes)
    return any(m.differs for m in d.machines) and all(a.outcome is None for a in answers(d))


def unmeasured(d: Document) -> list[tuple[int, list[str]]]:
    """Returns, for each thread count that some machines have at no place, the index of its first
    place and the labels of these machines."""
    counts: dict[int, list[int]] = {}
    for i, place in enumerate(d.places):
        counts.setdefault(place.threads, []).append(i)
    found = [(at[0], [m.label for m in d.machines if not any(m.rankings[i] for i in at)])
             for _, at in sorted(counts.items())]
    return [(first, labels) for first, labels in found if labels]


def context(d: Document) -> dict[str, object]:
    """Returns the variables of both templates. Sums are passed as text, because comparison.json
    does not contain them."""
    pairs = sum(a.alike + a.reversed for a in d.agreement)
    columns = [(i, m, m.rankings[d.headline]) for i, m in enumerate(d.machines)
               if d.headline is not None]
    cells = {}
    for i, _, ranking in columns:
        for j, entry in enumerate(ranking.entries if ranking else ()):
            cells[i, entry.map] = wrapped(
                entry, f"machines.{i}.rankings.{d.headline}.entries.{j}")
    return {"d": View(d, ""), "answers": answers(d), "empty": is_empty(d), "cells": cells,
            "unmeasured": unmeasured(d),
            "labels": [m.label for m in d.machines],
            "orders": (f"{sum(a.reversed for a in d.agreement):,}", f"{pairs:,}"),
            "leads": {(i, ranking.leader) for i, m, ranking in columns
                      if ranking and m.trust.verdict is not Trust.NOT},
            "verdicts": {(i, c.against): c.verdict.value for i, m, ranking in columns if ranking
                         for c in ranking.comparisons if m.trust.verdict is not Trust.NOT},
            "places": [View(p, f"places.{i}") for i, p in enumerate(d.places)]}


def write(d: Document, out: Path) -> list[str]:
    """Writes the page's folder and returns lines for the terminal. Raises OSError."""
    folders.own(out)
    seen = context(d)
    page = text.environment(True, TEMPLATES).get_template("compare.html.j2").render(seen)
    folders.replace(out / "comparison.json", to_json(d))
    folders.replace(out / "index.html", page)
    lines = text.environment(False, TEMPLATES).get_template("compare.txt.j2").render(seen)
    return [*filter(None, lines.splitlines()), f"report: {out / 'index.html'}"]
