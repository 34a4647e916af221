# SPDX-License-Identifier: Apache-2.0
"""Which maps may not be advised, for what the asker needs (needs.json).

A need is met by a map's entry in campaign.json in one of three ways:

- its `guarantees`, `progress` or `duty` is in the list of that name;
- its `caps` has nothing of the list `lacks`;
- the first word of its `sync`, which a look-up holds, is in the list `holds`.

A member that is missing meets no need.
"""
import json
from pathlib import Path

from report import guarantees

FILE = Path(__file__).with_name("needs.json")
NEEDS = json.loads(FILE.read_text(encoding="utf-8"))
MEMBERS = ("guarantees", "progress", "duty")


def read(text):
    """"scan,range" -> ("scan", "range"); ValueError of what is no need."""
    names = tuple(dict.fromkeys(text.split(",")))
    wrong = [name for name in names if name not in NEEDS]
    if wrong:
        raise ValueError(f"expected some of {', '.join(NEEDS)}, separated by "
                         f"commas, not {wrong[0]!r}")
    return names


def of_member(about, need, member):
    """Why a word of the map's own is not one of those that the need lists."""
    if need.get(member) is None or about.get(member) in need[member]:
        return None
    value = about.get(member) or "not said"
    if value == "none":
        return "nothing is promised of a scan"
    return guarantees.SAYS[member].get(value, value)


def of_caps(about, need):
    if "lacks" in need and about.get("caps") is None:
        return "its caps are not said"
    held = [c for c in need.get("lacks", ()) if c in about["caps"]]
    said = [guarantees.SAYS["caps"].get(cap, cap) for cap in held]
    return ", ".join(said) or None


def of_memory(about, need):
    """What a lookup holds, by the table of what it costs to stand still."""
    if "holds" not in need:
        return None
    first = (about.get("sync") or "").partition(",")[0]
    kind = next((k for k, names in guarantees.SAYS["locks"].items()
                 if first in names), first)
    if kind in need["holds"]:
        return None
    return guarantees.SAYS["stalled"].get(
        kind, f"no bound is known of {first or 'a map that says nothing'}")


def why_not(about, name):
    """Why a map, its entry in campaign.json, does not meet a need; None: it
    does."""
    need = NEEDS[name]
    whys = [*(of_member(about, need, member) for member in MEMBERS),
            of_caps(about, need), of_memory(about, need)]
    return next((why for why in whys if why), None)


def left_out(maps, names):
    """map -> [(need, why it is not met)] of those that fail one.

    maps -- id -> entry in campaign.json
    """
    found = {m: [(name, why) for name in names
                 if (why := why_not(about, name))]
             for m, about in maps.items()}
    return {m: whys for m, whys in found.items() if whys}
