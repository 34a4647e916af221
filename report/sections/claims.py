# SPDX-License-Identifier: Apache-2.0
"""7 Claims ledger: every published claim with its verdict, its numbers and
the way back to trials and command (docs/claims.md)."""
from report import checks, plot_claims, verdicts, words
from report.claims import (agreement, decide, decision_rules, ledger, rules,
                           show)
from report.page import details, esc, filter_box, none

TITLE = "7 Claims ledger"
QUESTION = "Which published statements survive measurement here?"
GLYPHS = {rules.REPRODUCED: "✓", rules.DEPENDS: "◐", rules.REFUTED: "✗",
          rules.INCONCLUSIVE: "?", rules.NOT_HERE: "–"}
COLUMNS = ("cell", "id", "verdict", "of", "how", "numbers", "where", "word",
           "value", "low", "high", "n", "p", "could_see", "against_value",
           "other_cell", "rule", "claimed_low", "claimed_high", "instead")
OF_CELLS = ("where", "word", "value", "low", "high", "n", "p", "could_see",
            "against_value")
STANDS = {decision_rules.CONFIRMED: "✓", decision_rules.CORRECTED: "◐",
          decision_rules.OPEN: "?"}
RATIOS = ("cell", "id", "claimed", "value", "low", "high", "n", "verdict")


def document(a):
    """The verdicts, where this campaign was made for claims; else None."""
    if not show.made_for(a.campaign):
        return None
    claims = ledger.read()
    return decide.document(a.campaign, claims, decision_rules.read(
        claims)) | {"invalid": checks.invalid(checks.control_rows(a))}


def counted(found):
    """The five words with their counts, in this order, also when 0."""
    return words.joined(f"{found['count'][word]} {word}"
                        for word in rules.VERDICTS)


def sentence(found):
    rows = found["claims"]
    ports = [r for r in rows if r["of"] == decide.PORT]
    undecided = sum(r["verdict"] == rules.INCONCLUSIVE for r in ports)
    open_ = f", {words.count(undecided)} without a decision" if undecided else ""
    port = (f" {words.count(len(ports))} of them are about Go and were "
            f"measured on a port in C{open_}: they say nothing of Go."
            if ports else "")
    return (f"Of {words.plural(len(rows), 'claim')}: {counted(found)}.{port}"
            f" On machine {found['machine']}. Where a claim of speed is "
            "called reproduced or refuted, a false word anywhere among them "
            f"is in at most {100 * rules.ALPHA:g} % of such runs."
            + verdicts.doubt(
                found.get("invalid"), show.UNSURE))


# ---- one row --------------------------------------------------------------

def amount(cell):
    """A cell's value with its interval and the base's absolute value."""
    if cell["value"] is None:
        return cell["how"] or "no value"
    text = words.sig(cell["value"])
    if cell["low"] is not None:
        text += f" {words.between(cell['low'], cell['high'])}"
    if cell["against_value"] is not None:
        text += f" of {words.sig(cell['against_value'])}"
    return text


def measured(row):
    return "; ".join(amount(c) for c in row["cells"]) or "–"


def said(row):
    whose = f" (of {row['of']})" if row["of"] else ""
    return f"{GLYPHS[row['verdict']]} {row['verdict']}{whose}"


def evidence(row):
    """Where it was decided, by which trials, and the command again."""
    lines = [f"{rules.place(c['where'])}: {amount(c)}, n {c['n']}: "
             f"{c['word']}" + "".join(f"\n  {name}" for name in c["cells"])
             for c in row["cells"]]
    if row["port"]:
        lines.append(f"the port in C: {row['port']['verdict']}"
                     + (f", {row['port']['how']}" if row["port"]["how"]
                        else ""))
    if row["agree"] is False:
        lines.append(f"why they differ: {row['cause']}")
    if row["variant"]:
        lines.append(f"variant {agreement.of_variant(row)}")
    if row["instead"]:
        lines.append(f"instead: {row['instead']}")
    lines.append(f"readmostly dev claims run {row['id']}")
    return details("evidence", f"<pre>{esc(chr(10).join(lines))}</pre>")


def table_row(row):
    return [row["id"], row["says"], row["article"], said(row), row["how"],
            measured(row), row["numbers"], evidence(row)]


def data_rows(found):
    """One row a cell of a claim; claims without cells have one, too."""
    for row in found["claims"]:
        head = {"id": row["id"], "verdict": row["verdict"], "of": row["of"],
                "how": row["how"], "numbers": row["numbers"],
                "rule": row["rule"], "instead": row["instead"]}
        for c in row["cells"] or [{}]:
            ids = c.get("cells") or []
            low, high = c.get("claimed", row["claimed"]) or (None, None)
            yield {**head, "claimed_low": low, "claimed_high": high,
                   **{k: c.get(k) for k in OF_CELLS},
                   "cell": "".join(ids[:1]), "other_cell": " ".join(ids[1:])}


def ratio_rows(found):
    """measured ÷ claimed of what claims one ratio, first cell of each; to a
    range there is no quotient."""
    for row in found["claims"]:
        if row["rule"] == "ratio" and row["cells"] and \
                row["claimed"][0] == row["claimed"][1] and \
                row["cells"][0]["low"] is not None:
            cell, claimed = row["cells"][0], row["claimed"][0]
            yield {"cell": cell["cells"][0], "id": row["id"], "n": cell["n"],
                   "verdict": row["verdict"], "claimed": claimed, **{
                       k: cell[k] / claimed for k in ("value", "low",
                                                      "high")}}


# ---- what the articles advise ---------------------------------------------

def linked(text, ids):
    """Ids of claims as links to their rows, where these are on the page."""
    def link(found):
        name = found[0]
        return f'<a href="#claim-{name}">{name}</a>' if name in ids else name
    return ledger.ID.sub(link, esc(text))


def rule_row(rule, ids):
    claims = ", ".join(rule["for"]) + (
        f"; against: {', '.join(rule['against'])}" if rule["against"] else "")
    return [rule["id"], rule["situation"], rule["advises"],
            f"{STANDS[rule['standing']]} {rule['standing']}",
            linked(rule["why"], ids), linked(claims, ids),
            f"readmostly dev crossover {' '.join(rule['pair'])}"
            if rule["pair"] else "–"]


def advice(report, found):
    """The decision rules, each with the claims that it follows from."""
    stands = found["rules"]
    if not stands:
        return ""
    ids = {row["id"] for row in found["claims"]}
    table = report.table(
        "claims-rules", "What the articles advise, and how it stands on this "
        "machine: confirmed where all claims that it rests on were "
        "reproduced, and none against it; corrected where a claim says "
        "otherwise; else left open", [
            ("rule", "text"), ("where", "text"), ("the advice", "text"),
            ("stands", "text"), ("why", "html"), ("rests on", "html"),
            ("where it flips", "text")],
        [rule_row(rule, ids) for rule in stands])
    return (f"<p>Of {words.plural(len(stands), 'rule')} that the articles "
            f"advise: {esc(decision_rules.counted(stands))}.</p>{table}")


# ---- the section ----------------------------------------------------------

def ratios(report, found):
    known = ledger.read()
    rows = [r | {"tolerance": known[r["id"]].tolerance}
            for r in ratio_rows(found)]
    if not rows:
        return ""
    alt = "; ".join(f"{r['id']} {words.sig(r['value'])} ({r['verdict']})"
                    for r in rows)
    panel = report.panel("claim-ratios", "Measured ratio ÷ claimed ratio",
                         f"Measured ÷ claimed: {alt}",
                         (420, plot_claims.height(rows)),
                         plot_claims.ratios, rows)
    return report.figure("claim-ratios", (
        "Measured ÷ claimed ratio, one row for each claim that states one, "
        "in its first cell; shaded: its own tolerance"), [panel], RATIOS, rows)


def table(report, found):
    return report.table(
        "claims", "All claims, in the order of their articles. A verdict is "
        "of the statement as written, on this machine; tolerances and rules "
        "were fixed before the run", [
            ("claim", "text"), ("says", "text"), ("the article", "text"),
            ("verdict", "text"), ("how", "text"),
            ("measured [95 %]", "text"), ("numbers", "text"),
            ("evidence", "html")], [table_row(r) for r in found["claims"]],
        ids=[f"claim-{r['id']}" for r in found["claims"]])


def box(found, ranking):
    """The first screen of a page that was made to decide claims: their count;
    what an ordinary page begins with is folded, for no claim rests on it."""
    return (f'<div class="claim"><p class="lead">{esc(sentence(found))}</p>'
            '<p>Each claim with its numbers: <a href="#claims">section 7</a>.'
            "</p></div>" + details(
                "Maps ranked in the cells that claims asked for, and in no "
                "others", ranking))


def add(report, a, ranking):
    """-> (the rows for verdicts.json, the first screen: `ranking`, or where
    the campaign was made for claims their count above it)."""
    found = document(a)
    if found is None:
        report.section("claims", TITLE, QUESTION, none(
            "claims are decided by <code>make bench SET=claims</code>, with 20 trials "
            "per arm"))
        return [], ranking
    absent, changed = found["not_in_this_run"], ""
    for what, words_of in (("ledger", "the ledger"),
                           ("contract", "the rules (docs/claims.md)")):
        if found[f"{what}_of_run"] not in (None, found[f"{what}_sha256"]):
            changed += (f'<p class="warn">Changed after this run: {words_of}.'
                        " Verdicts are not by what was fixed before it.</p>")
    rest = (f"<p>Without a cell in this run: {esc(words.joined(absent))}."
            "</p>" if absent else "")
    ported = agreement.sentence(found["go_and_port"])
    if found["go_and_port"]["same"]:
        ported += (" A word is no side: how often the ports' faster side is "
                   "the opposite of Go's stands in section 1e.")
    data = report.data("claims-all", COLUMNS, list(data_rows(found)))
    report.section(
        "claims", TITLE, QUESTION, f'<p class="lead">{esc(sentence(found))}'
        "</p>", f"<p>{esc(ported)}</p>" if ported else "", changed,
        ratios(report, found), advice(report, found),
        filter_box("claims", "claims", "refuted"),
        table(report, found), rest, (
            "<p>Rules and words: docs/claims.md. Reproduced and opposite "
            "need the 95 % interval and, of speed, the test corrected over "
            f"all claims. All digits: {data}.</p>"))
    return found["claims"], box(found, ranking)
