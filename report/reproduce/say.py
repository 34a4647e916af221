# SPDX-License-Identifier: Apache-2.0
"""What is printed and written of a repeated campaign."""
from report import words
from report.reproduce import judge, setup

FORMAT = 1
GLYPHS = {judge.REPLICATED: "✓", judge.OPPOSITE: "✗", judge.UNCLEAR: "?"}
SHOWN = 40  # rows of the terminal; opposite ones are all shown


def document(old, new, figure, rows, unclear, found, invalid=None):
    return {"format": FORMAT, "kind": "reproduction", "old": old.name,
            "new": new.name, "figure": figure, "finished": not new.to_come,
            "plan_sha256": {"old": old.meta.get("plan_sha256"),
                            "new": new.meta.get("plan_sha256")},
            "synthetic": bool(new.meta.get("synthetic")), "invalid": invalid,
            "count": {word: sum(r["word"] == word for r in rows)
                      for word in judge.WORDS},
            "not_clear_then": unclear, "rows": rows,
            "setup": [{"kind": kind, "name": name, "then": then, "now": now}
                      for kind, name, then, now in found]}


def ratio(r):
    if r["ratio"] is None:
        return "none"
    return f"{words.sig(r['ratio'])} {words.between(r['low'], r['high'])}"


def row_line(r):
    why = f" ({r['why']})" if r["why"] else ""
    return (f"{GLYPHS[r['word']]} {r['word']}: {r['over']} ÷ {r['under']} at "
            f"{r['place']}: {ratio(r['then'])} then, {ratio(r['now'])} now, "
            f"n = {r['now']['n']}{why}")


def counted(doc):
    """The count sentence: all three words, also when 0."""
    clear = sum(doc["count"].values())
    told = words.joined(f"{n} {word}" for word, n in
                        ((w, doc["count"][w]) for w in judge.WORDS))
    text = (f"Of {words.plural(clear, 'comparison')} that {doc['old']} "
            f"decided: {told}")
    if doc["not_clear_then"]:
        text += (f"; {words.count(doc['not_clear_then'])} more were not "
                 "clear then and are not judged")
    return text + "."


def lines(doc, rows, found):
    """What the terminal gets."""
    order = sorted(rows, key=lambda r: (judge.OPPOSITE != r["word"],
                                        judge.UNCLEAR != r["word"]))
    least = sum(r["word"] == judge.OPPOSITE for r in rows)
    shown = order[:max(SHOWN, least)]
    yield from map(row_line, shown)
    if len(order) > len(shown):
        yield (f"  and {words.count(len(order) - len(shown))} more, all in "
               "reproduction.json")
    if doc["synthetic"]:
        yield "Synthetic: no number here was measured."
    yield counted(doc)
    if not doc["finished"]:
        yield (f"{doc['new']} is not finished: what it lacks is unclear")
    if doc.get("invalid"):
        yield f"{doc['new']} is {doc['invalid']}"
    if found:
        yield f"What differs in the set-up ({len(found)}):"
        yield from setup.lines(found)
    else:
        yield "Nothing that is recorded differs in the set-up."
