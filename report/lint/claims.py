# SPDX-License-Identifier: Apache-2.0
"""Section 7, of a page that was made for claims: each verdict from its
cells, each cell from the journal (ledger.py); and the count sentence, the
table, the figure and both files against verdicts.json."""
import re

from report.lint import articles, ledger, say
from report.lint.read_page import clean

RULE, WHERE = "claims", "index.html#claims"
GLYPHS = dict(zip(ledger.WORDS, "✓◐✗?–"))
SPANS = ("value", "low", "high")


def check(c):
    told = c.page.verdicts.get("claims")
    if not told:
        return
    book = ledger.read()
    for row in told:
        verdict(c, row, book.get(row["id"], {}))
    sentence(c, told)
    table(c, told)
    figure(c, [row for row in told if has_ratio(row)])
    files(c, told)


# ---- a verdict, from the journal --------------------------------------------

def verdict(c, row, claim):
    """The word of a claim, and those of its cells, the port's and the
    variant's, too."""
    for part in filter(None, (row, row["port"], row["variant"])):
        for cell in part["cells"]:
            of_cell(c, row["id"], list(ledger.lines(claim)), cell)
        words = [cell["word"] for cell in part["cells"]]
        if words:
            c.log.check(part["verdict"] == ledger.whole(claim, words), RULE,
                        "verdicts.json", f"{row['id']}: {part['verdict']}",
                        "its cells", ", ".join(words))
    rule = claim.get("rule", [""])[0]
    if rule == "arithmetic":
        low, high = ledger.limits({k: v[0] for k, v in claim.items()})
        value = float(row["how"].rpartition(" = ")[2])
        inside = low <= value <= high
        c.log.check(row["verdict"] == ledger.WORDS[0 if inside else 2], RULE,
                    "verdicts.json", f"{row['id']}: {row['verdict']}",
                    row["how"], f"{low} to {high}")
    elif not row["cells"]:
        c.log.check(row["verdict"] == ledger.NOT_HERE and row["how"], RULE,
                    "verdicts.json", f"{row['id']}: {row['verdict']}",
                    "it has no cell", "not testable here, and why")


def of_cell(c, name, lines, cell):
    """A cell's numbers follow from its trials, its word from both."""
    said = f"{name}, {cell['where']}: " + ", ".join(
        f"{k} {cell[k]}" for k in ("word", *SPANS, "n", "against_value"))
    if cell["word"] == ledger.NOT_HERE:
        c.log.check(cell["value"] is None and cell["how"], RULE,
                    "verdicts.json", said, name, "no value, and why")
        return
    mine = [x for x in lines if cell["where"].startswith(x["where"])]
    if any(x["rule"] == "slope" or x.get("statistic", "").startswith("slope ")
           for x in mine or lines):
        c.log.skip("verdicts.json", said, "no rule derives a slope")
        return
    found = []
    for line in mine or lines:
        try:
            f = ledger.figures(c.rows, line, cell["cells"])
            found.append((same(f, cell), ledger.word(line, f, cell["p"])))
        except (articles.No, KeyError) as why:
            found.append((cell["value"] is None, ledger.OPEN))
            said += f" ({why})"
    c.log.check((True, cell["word"]) in found, RULE, "verdicts.json", said,
                "trials.jsonl", f"(the same numbers?, word): {found}")


def same(f, cell):
    """To the six digits of the file; a rank sum of 50 and more values may be
    approximated, which moves an end a little."""
    ends = [("value", f.value), ("against_value", f.base)]
    if f.n < 50:
        ends += [("low", f.low), ("high", f.high)]
    return cell["n"] == f.n and all(
        articles.near(cell[k], v) for k, v in ends)


# ---- sentences --------------------------------------------------------------

def joined(parts):
    return ", ".join(parts[:-1]) + " and " * bool(parts[1:]) + parts[-1]


def sentence(c, told):
    """"Of 146 claims: 40 reproduced, ..."; above the page and in section 7,
    all five words, and how many are of a port."""
    words = [row["verdict"] for row in told]
    wanted = f"Of {say.plural(len(told), 'claim')}: " + joined(
        [f"{words.count(w)} {w}" for w in ledger.WORDS]) + "."
    ports = sum(row["of"] == "the C port" for row in told)
    seen = [text for _, text in c.page.blocks()
            if re.match(r"Of [\d\s]+ claims?: ", text)]
    c.log.check(len(seen) == 2, RULE, WHERE, str(len(seen)), "index.html",
                "the count sentence stands above the page and in section 7")
    for text in seen:
        about = re.search(r"(\d+) of them are about Go", text)
        c.log.check(text.replace(say.THIN, "").startswith(wanted)
                    and int(about[1] if about else 0) == ports, RULE, WHERE,
                    text, "verdicts.json", f"{wanted} {ports} of a port")
        c.log.check(("no verdict of speed is to be relied on" in text)
                    != c.ranked, RULE, WHERE, text, "verdicts.json",
                    f"valid is {c.ranked}")


# ---- the table --------------------------------------------------------------

def table(c, told):
    t = c.page.table("claims")
    have = t.rows if t else []
    c.log.check([r[0] for r in have] == [row["id"] for row in told], RULE,
                WHERE, f"{len(have)} rows", "verdicts.json",
                f"{len(told)} claims, in this order")
    for r, row in zip(have, told):
        of = f" (of {row['of']})" if row["of"] else ""
        wanted = [row["id"], row["says"], row["article"],
                  f"{GLYPHS[row['verdict']]} {row['verdict']}{of}",
                  row["how"], r[5], row["numbers"], r[7]]
        c.log.check(r == [*map(clean, wanted)]
                    and measured(r[5], row["cells"])
                    and evident(r[7], row), RULE, WHERE,
                    " | ".join(r[3:]), "verdicts.json",
                    f"{wanted[3]}, {row['how']}, " + "; ".join(
                        f"{[x[k] for k in SPANS]} {x['how']} n {x['n']}"
                        for x in row["cells"]))


def measured(text, cells):
    """"0.435 [0.40, 0.47] of 27.4; ...", each value with its base's."""
    for i, cell in enumerate(cells):
        text = text.removeprefix("; " * bool(i))
        values = [cell[k] for k in (*SPANS, "against_value")
                  if cell[k] is not None]
        form = "{}" + " [{}, {}]" * (cell["low"] is not None) + " of {}" * (
            cell["against_value"] is not None)
        if cell["value"] is None:
            form, values = clean(cell["how"] or "no value"), []
        pattern = re.escape(form).replace(r"\{\}", r"[\d.−\s]+?")
        match = re.match(pattern + r"(?=; |$)", text)
        if not match or not say.told(match[0].strip(), form, *values):
            return False
        text = text[match.end():]
    return not text if cells else text == "–"


def evident(text, row):
    """Cells, n and word of each, and the command that runs it again."""
    pattern = rf"n (\d+): ({'|'.join(ledger.WORDS)})"
    return re.findall(pattern, text) == [
        (str(x["n"]), x["word"]) for x in row["cells"]] and all(
        name in text for x in row["cells"] for name in x["cells"]) and \
        f"readmostly claims run {row['id']}" in text


# ---- the figure and the files -----------------------------------------------

def has_ratio(row):
    """Is there a quotient of what was measured and what is claimed?"""
    return (row["rule"] == "ratio" and bool(row["cells"])
            and row["claimed"][0] == row["claimed"][1]
            and row["cells"][0]["low"] is not None)


def quotients(row):
    return [row["cells"][0][k] / row["claimed"][0] for k in SPANS]


def figure(c, told):
    """Measured ÷ claimed: tool tips and alternative text."""
    panel = next(iter(c.page.panels("claim-ratios")), None)
    tips, alt = (panel.tips, panel.alt) if panel else ([], "")
    right = len(tips) == len(told) and all(say.told(
        tip, "{}: {} [{}, {}] times what is claimed, n = {}, {}", row["id"],
        *quotients(row), row["cells"][0]["n"], row["verdict"])
        for tip, row in zip(tips, told))
    form = "; ".join("{} {} ({})" for _ in told)
    c.log.check(right and (not told or say.told(
        clean(alt), "Measured ÷ claimed: " + form, *(
            v for row in told for v in (row["id"], quotients(row)[0],
                                        row["verdict"])))), RULE, WHERE,
        alt or "no figure", "verdicts.json",
        str({row["id"]: quotients(row) for row in told}))


def files(c, told):
    """claim-ratios.csv and claims-all.csv."""
    wanted = [dict(zip(SPANS, quotients(row))) | {
        "cell": row["cells"][0]["cells"][0], "id": row["id"],
        "n": row["cells"][0]["n"], "verdict": row["verdict"],
        "claimed": row["claimed"][0]} for row in told if has_ratio(row)]
    same_rows(c, "figures/claim-ratios.csv", wanted)
    same_rows(c, "tables/claims-all.csv", [
        {k: row[k] for k in ("id", "verdict", "of", "how", "numbers", "rule",
                             "instead")}
        | dict(zip(("claimed_low", "claimed_high"),
                   cell.get("claimed", row["claimed"]) or ()))
        | {k: cell.get(k) for k in ("where", "word", *SPANS, "n", "p",
                                    "could_see", "against_value")}
        | {"cell": "".join(cell.get("cells", [])[:1]),
           "other_cell": " ".join(cell.get("cells", [])[1:])}
        for row in told for cell in row["cells"] or [{}]])


def same_rows(c, file, wanted):
    have = c.page.csv(file) or []
    c.log.check(len(have) == len(wanted), RULE, file, f"{len(have)} rows",
                "verdicts.json", f"{len(wanted)} rows")
    for row, true in zip(have, wanted):
        wrong = {k: v for k, v in true.items()
                 if k in row and not say.agrees(row[k], v)}
        c.log.check(not wrong, RULE, file, ", ".join(
            f"{k} {row[k]}" for k in wrong), true["id"], str(wrong))
