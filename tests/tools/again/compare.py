# SPDX-License-Identifier: Apache-2.0
"""What two hands say of a claim, field by field: this one's verdicts and the
rows of `python3 -m report decide` (a campaign's verdicts.json).

Of a `how` the words and numbers of docs/claims.md are compared and no others:
the kind of a refutation, N, N of M, where; that a reason is there.
"""
import collections
import json
import math
import re

from again import rules

ABSENT = "not in this run"
FIGURES = ("value", "low", "high")
KINDS = (rules.OPPOSITE, rules.NONE_SEEN, rules.SIZE, rules.SIZE_ONLY)
DIGITS = 1e-4  # as a share: four digits are equal
DRAWN = 0.01  # of what is computed from draws, whose source no document names

# of: whose maps decide; port: what the C port says where Go's decide.
Verdict = collections.namedtuple("Verdict", "word how of cells port",
                                 defaults=("", (), None))
Cell = collections.namedtuple("Cell", "word how ids value low high")


def theirs(path):
    """{id: row} of verdicts.json; claims that were not run have one, too."""
    document = json.loads(path.read_text("utf-8"))
    document = document.get("claims_ledger", document)
    absent = {"verdict": ABSENT, "how": "", "of": "", "cells": [],
              "port": None}
    return {row["id"]: row for row in document["claims"]} | {
        name: absent for name in document.get("not_in_this_run", [])}


def differences(mine, row):
    """[each field that is not the same]."""
    found = sides(mine, row)
    if mine.of != row["of"]:
        found.append(f"of: {mine.of} / {row['of']}")
    if bool(mine.port) != bool(row["port"]):
        found.append("port: " + ("there" if row["port"] else "here") + " only")
    elif mine.port:
        found += ["port " + text for text in sides(mine.port, row["port"])]
    return found


def sides(mine, row):
    """The same of whose maps ever: word, how and cells."""
    if mine.word != row["verdict"]:
        return [f"verdict: {mine.word} / {row['verdict']}"]
    if len(mine.cells) != len(row["cells"]):
        return [f"cells: {len(mine.cells)} / {len(row['cells'])}"]
    found = [f"cell {i + 1} {text}"
             for i, (one, other) in enumerate(zip(mine.cells, row["cells"]))
             for text in of_cell(one, other)]
    if not found and not how_is_told(mine, row):
        found.append(f"how: {mine.how} / {row['how']}")
    return found


def of_cell(one, other):
    if one.word != other["word"]:
        return [f"word: {one.word} ({one.how}) / {other['word']} "
                f"({other['how']})"]
    found = [f"{name}: {getattr(one, name)} / {other[name]}"
             for name in FIGURES if not close(getattr(one, name), other[name])]
    if one.value is not None and sorted(one.ids) != sorted(
            other["cells"]):
        found.append(f"ids: {' '.join(one.ids)} / {' '.join(other['cells'])}")
    if not same_how(one.word, one.how, other["how"]):
        found.append(f"how: {one.how} / {other['how']}")
    return found


def close(one, other, share=DIGITS):
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=share, abs_tol=1e-12)


def how_is_told(mine, row):
    """Of cells that differ the places that decide, else what each shows."""
    if mine.how.startswith(rules.COMPUTED):
        return close(*(float(how.rpartition(rules.COMPUTED)[2])
                       for how in (mine.how, row["how"])), DRAWN)
    if mine.how != rules.WHERE:
        return same_how(mine.word, mine.how, row["how"])
    told = dict(part.strip().split(" at ", 1)
                for part in row["how"].split(";") if " at " in part)
    return all(set(settings(other["where"])) <= set(
        told.get(one.word, "").replace(",", " ").split())
        for one, other in zip(mine.cells, row["cells"])
        if one.word in (rules.REPRODUCED, rules.REFUTED))


def settings(where):
    """A place's settings without what is measured there, which all share."""
    return [s for s in where.split() if not s.startswith("measure=")]


def plain(text):
    """Digits without spaces between them, decimals without zeros at last,
    and no remark of the sizes: the row's other fields have these."""
    text = re.sub(r" \(×[^()]*\)", "", text)
    text = re.sub(r"(?<=\d)[\u202f\u2009](?=\d)", "", text)
    text = re.sub(r"\d+\.\d+", lambda m: f"{float(m[0]):g}", text)
    return text.replace("\xa0", " ")


def same_how(word, mine, other):
    """What is open in other words than the document's is not compared."""
    if word == rules.NOT_HERE:
        return bool(other)
    other = plain(other)
    told = [part for part in mine.split("; ")
            if word != rules.UNKNOWN or part.startswith(rules.IN_TRIALS)]
    return all(re.search(rf"(?<![\d.]){re.escape(part)}(?!\d)", other)
               for part in told) and (
        word != rules.REFUTED or
        [k in mine for k in KINDS] == [k in other for k in KINDS])
