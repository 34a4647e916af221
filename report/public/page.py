# SPDX-License-Identifier: Apache-2.0
"""One page of all entries of results/public/, each machine's rows apart: to
be filtered by machine, map or place. Entries of different plans stand in one
table and are compared nowhere."""
from report import datafiles, strict_json, words
from report.analysis import Line
from report.journal import JournalError
from report.page import ALL_DATA, Report, esc, filter_box, none
from report.verdicts import WITHHELD, withhold

PLACE = ("workload", "shape", "keys", "dist", "placement", "write_kind",
         "write_share", "threads")
COLUMNS = ("entry", "machine", "cpu", *PLACE, "map", "base", "ratio", "low",
           "high", "n", "side", "why")


def load(path):
    """What calls itself an entry; JournalError."""
    try:
        found = strict_json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise JournalError(f"{path}: not JSON: {error}") from None
    if not isinstance(found, dict) or (
            found.get("format"), found.get("kind")) != (1, "public result"):
        raise JournalError(f"{path}: expected format 1, kind public result "
                           "(python3 -m report public entry DIR)")
    return found


def read_entry(path):
    """An entry that meets its schema; JournalError."""
    from report.public import schema
    found = load(path)
    wrong = schema.wrong_in(found)
    if wrong:
        raise JournalError(f"{path}: wrong or missing: {', '.join(wrong[:3])}:"
                           " expected what docs/public.schema.json says")
    return found


def read_all(folder):
    """Every entry, in the order of the names of their files."""
    files = sorted(folder.glob("*.json"))
    if not folder.is_dir():
        raise JournalError(f"{folder}: no such folder")
    return [read_entry(file) for file in files]


def cpu(entry):
    return entry["machine"].get("cpu_name") or "unknown"


def entry_row(entry):
    build = entry["build"]
    return [entry["name"], cpu(entry), entry["machine"].get("id") or "–",
            str(entry["machine"].get("cpus")),
            words.commit(build),
            entry.get("mode") or words.joined(entry["workloads"]),
            words.count(entry["trials"]),
            "complete" if entry["complete"] else "incomplete",
            entry["invalid"] or entry["trust"], entry["journal"]]


def place(row):
    line = Line(row["write_kind"], row["write_share"])
    return (f"{words.plural(row['threads'], 'thread')}, {line.text()}, "
            f"{words.of_keys(row['keys'])}, {row['dist']}, "
            f"{row['workload']}")


def group_row(entry, row):
    """Of a campaign whose control failed nobody was in front, whatever its
    intervals say."""
    said, word = words.joined(row["front"]) or "–", row["word"]
    if entry["invalid"]:
        said, word = "–", WITHHELD
    return [f"{cpu(entry)} ({entry['machine'].get('id')})", entry["name"],
            place(row), said, word, words.count(row["n"])]


def ratio_rows(entry):
    rows = entry["ratios"]
    if entry["invalid"]:
        rows = withhold(rows, "side")
    return [{**r, "entry": entry["name"], "machine": entry["machine"].get(
        "id"), "cpu": cpu(entry)} for r in rows]


def tables(report, entries):
    """The entries, and every verdict of each."""
    listed = report.table("entries", "Entries, each a campaign of one "
                          "machine", [
                              ("entry", "text"), ("CPU", "text"),
                              ("id", "text"), ("CPUs", "num"),
                              ("commit", "text"), ("plan", "text"),
                              ("trials", "num"), ("state", "text"),
                              ("trust", "text"), ("journal", "text")],
                          [entry_row(e) for e in entries])
    verdicts = report.table(
        "public", "Who was in front, place by place, on each machine alone. "
        "No number of one machine is compared with one of another", [
            ("machine", "text"), ("entry", "text"), ("place", "text"),
            ("in front", "text"), ("verdict", "text"), ("blocks", "num")],
        [group_row(e, row) for e in entries for row in e["groups"]],
        sort=True)
    return listed, filter_box("public", "machine",
                              "a CPU, a map, a place") + verdicts


def banner(entries):
    said = [f"<b>Synthetic: {esc(e['name'])}</b>: nothing was measured."
            for e in entries if e["synthetic"]]
    said += [f"<b>Incomplete: {esc(e['name'])}</b>: "
             f"{esc('; '.join(e['notes']))}." for e in entries
             if not e["complete"]]
    return "".join(f'<div class="banner" role="note">{line}</div>'
                   for line in said)


def build(folder, out):
    """Writes OUT/report; -> the page's path."""
    entries = read_all(folder)
    report = Report(out / "report")
    report.source = datafiles.Source()
    question = "What did others measure, on which machines?"
    if entries:
        listed, verdicts = tables(report, entries)
        link = report.data("public-ratios", COLUMNS, [
            row for e in entries for row in ratio_rows(e)])
        report.section("entries", "1 Entries", question, listed)
        report.section("verdicts", "2 Verdicts", "Which map was in front "
                       "on the machine that I have?", verdicts,
                       f"<p>Every ratio to its base: {link}.</p>"
                       f"<p>{ALL_DATA}</p>")
    else:
        report.section("entries", "1 Entries", question,
                       none("nobody has given an entry yet"))
    machines = {e["machine"].get("id") for e in entries}
    head = ("<header><h1>Readmostly: results of others</h1><p>"
            f"Campaigns: {len(entries)}; kinds of machine: {len(machines)}. "
            "Each can be verified from its journal by <code>python3 -m report "
            "public verify ENTRY DIR</code>.</p></header>")
    return report.write("Readmostly: results of others", head,
                        banner(entries))

