# SPDX-License-Identifier: Apache-2.0
"""What a map promises, in the words of guarantees.json."""
import json

from report.page import HERE

SAYS = json.loads((HERE / "guarantees.json").read_text(encoding="utf-8"))


def promises(about):
    """Of a map's entry in campaign.json: its guarantees, as texts."""
    sync = about.get("sync") or ""
    found = [SAYS["caps"].get(cap) for cap in about.get("caps") or []]
    found += [text for part, text in SAYS["sync"].items() if part in sync]
    found += [duty(about), progress(about), SAYS["guarantees"].get(about.get("guarantees"))]
    return [text for text in found if text]


def duty(about):
    """What its look-ups ask of the caller; None: nothing, or it does not say."""
    return SAYS["duty"].get(about.get("duty"))


def progress(about):
    """What no operation waits for, with the condition under which writers
    do: that a reader who stands still fills the memory they may retire."""
    text = SAYS["progress"].get(about.get("progress"))
    sheet = (about.get("facts") or {}).get("stalled-reader")
    limited = "writers wait" in (sheet or stalled(about) or "")
    return text and text + SAYS["limited"] * limited


def in_full(about):
    """The same in one text, and what an operation may wait for."""
    told = promises(about)
    if about.get("progress") == "blocking":
        told.append(f"may wait ({about.get('sync') or 'none'})")
    return ", ".join(told)


def length(about):
    """What `length` promises, of a map without a sheet."""
    return SAYS["length"].get(about["guarantees"], "no promise")


def stalled(about):
    """Memory while a reader stands still, by what the map synchronizes with:
    the first of these is what a look-up holds."""
    first = (about.get("sync") or "").partition(",")[0]
    for kind, names in SAYS["locks"].items():
        if first in names:
            first = kind
    return SAYS["stalled"].get(first)
