# SPDX-License-Identifier: Apache-2.0
"""comparison.json: what the page of a comparison says, for programs, and
where the trials are that it follows from."""
import json
import os

from report import folders

FORMAT = 1
NUMBER = 6  # significant digits, as in all data files


def rounded(value):
    """The same with numbers of six digits; keys of tuples become texts."""
    if isinstance(value, float):
        return float(f"{value:.{NUMBER}g}")
    if isinstance(value, dict):
        return {str(k): rounded(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(v) for v in value]
    return value


def machines(c, out):
    return [{"label": s.label, "node": s.member.node, "id": s.member.kind,
             "folder": os.path.relpath(s.member.campaign.path, out),
             "campaign": s.member.campaign.name, "commit": s.member.commit,
             "plan_sha256": s.member.campaign.meta.get("plan_sha256"),
             "complete": s.member.whole, "notes": s.member.notes}
            for s in c.sides]


def group(c, rows, side):
    """What is said of the headline place on one machine."""
    found = rows.groups.get((side.label, c.head))
    return found and {k: found[k] for k in (
        "leader", "word", "n", "weakest", "front", "maps", "needs")}


def agreement(rows):
    return [{**{k: v for k, v in r.items() if k not in ("reversals", "taus")},
             "reversals": [{**x, "place": x["place"].text()}
                           for x in r["reversals"]]} for r in rows.agree]


def document(c, rows, out, status):
    found = c.found
    return {
        "format": FORMAT, "kind": "comparison", "status": status,
        "complete": found.whole, "wanted": found.wanted,
        "synthetic": any(bool(s.member.campaign.meta.get("synthetic"))
                         for s in c.sides),
        "base": c.base, "contender": c.contender, "words": rows.said,
        "place": c.head and c.head.text(), "machines": machines(c, out),
        "missing": [{"label": label, "state": state, "reason": why}
                    for label, state, why in found.absent],
        "refused": [{"label": label, "reason": why}
                    for label, why in found.refused],
        "headline": {s.label: group(c, rows, s) for s in c.sides}
        if c.head else {},
        "ratios": rows.ratios, "crossovers": rows.crossovers,
        "ranks": rows.ranks, "agreement": agreement(rows),
        "twins": rows.twins, "claims": rows.claims,
        "versions": [{
            "label": v.label, "then": os.path.relpath(v.then.campaign.path, out),
            "now": os.path.relpath(v.now.campaign.path, out),
            "differs": v.differs(), "counted": v.counted(), "rows": v.rows}
            for v in rows.versions]}


def write(c, rows, out, status):
    folders.replace(out / "comparison.json", json.dumps(
        rounded(document(c, rows, out, status)), indent=1, sort_keys=True,
        ensure_ascii=False) + "\n")
