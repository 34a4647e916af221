# SPDX-License-Identifier: Apache-2.0
"""CSV files that can be read alone: each row names its cell, the factors of
that cell, how many values it rests on, and the journal it is from. And one
archive of all of them."""
import io
import re
import zipfile

from report import folders, tables, words

FACTORS = ("workload", "map", "shape", "keys", "dist", "write_kind",
           "write_share", "threads", "placement")
ARCHIVE = "data.zip"
UNITS = {"ns": ("ns", 1), "µs": ("ns", 1e3), "ms": ("ns", 1e6),
         "s": ("ns", 1e9), "B": ("bytes", 1), "KiB": ("bytes", 2 ** 10),
         "MiB": ("bytes", 2 ** 20), "GiB": ("bytes", 2 ** 30),
         "%": ("percent", 1), "": (None, 1)}
NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?) ?(ns|µs|ms|s|KiB|MiB|GiB|B|%)?")


class Source:
    """What all data files of one report share: its cells and its journal."""

    def __init__(self, campaign=None):
        self.cells, self.journal = {}, ""
        if campaign is None:
            return
        built = words.commit(campaign.meta.get("build") or {})
        self.cells = campaign.cells
        self.journal = f"{campaign.name}/trials.jsonl, commit {built}"

    def csv(self, columns, rows):
        """CSV of dicts. A row that names its cell gets that cell's factors,
        where it has no value of its own; n and source close each row, the
        journal where a row does not name another."""
        if not self.journal:
            return tables.csv_of(columns, rows)
        first = (("cell", *FACTORS) if any(row.get("cell") for row in rows)
                 else ())
        columns = [*first, *(c for c in columns
                             if c not in (*first, "n", "source"))]
        return ascii_number(tables.csv_of([*columns, "n", "source"], [
            {**self.factors(row.get("cell")), "source": self.journal, **row}
            for row in rows]))

    def factors(self, cell_id):
        cell = self.cells.get(cell_id)
        return {f: getattr(cell, f) for f in FACTORS} if cell else {}


def ascii_number(text):
    """The numbers of a text as programs read them: 1 101 is 1101."""
    return (text.replace(words.THIN, "").replace(words.MINUS, "-")
            .replace(words.NARROW, " "))


def parts_of(text):
    """name -> (value, unit) of "8", "7 of 8", "7 of 8 (88 %)", "906 ns [826
    ns, 927 ns]"; {} where this is no number. The names: "", "of", "percent",
    "low", "high"."""
    text = ascii_number(text).replace("× ", "").strip()
    text = re.sub(r" %\)$", ")", text)  # its name has the unit
    for shape, names in (("{0}", ("",)), ("{0} of {0}", ("", "of")),
                         (r"{0} of {0} \({0}\)", ("", "of", "percent")),
                         (r"{0} \[{0}, {0}\]", ("", "low", "high"))):
        match = re.fullmatch(shape.format(NUMBER.pattern), text)
        if match:
            got = match.groups()
            return {name: (got[2 * i], got[2 * i + 1] or "")
                    for i, name in enumerate(names)}
    return {}


def number_column(title, texts):
    """One column as several: their names, and per row {name: number} and
    the words that stand where a number would."""
    parts = [parts_of(text) for text in texts]
    units = {UNITS[u][0] for got in parts for _, u in got.values()} - {None}
    bare = any(u == "" and float(v) for got in parts for v, u in got.values())
    if len(units) > 1 or units and bare:
        parts = [{} for _ in texts]  # no common unit: as words
    elif units and not units & set(re.findall(r"\w+", title)):
        title += f" ({units.pop()})"
    names = {n: f"{title} {n}".strip()
             for n in ("", "of", "percent", "low", "high")
             if not n or any(n in got for got in parts)}
    numbers = [{names[n]: scaled(*v) for n, v in got.items()}
               for got in parts]
    notes = [[] if got or text in ("", "–", "none") else
             [f"{title}: {ascii_number(text)}"]
             for got, text in zip(parts, texts)]
    return list(names.values()), numbers, notes


def as_numbers(columns, rows):
    """What a table shows, for programs: one number a column, in one unit.

    A cell with an interval or "7 of 8" becomes several columns; words in the
    place of a number go to the last column, `note`.
    """
    head, out, notes = [], [{} for _ in rows], [[] for _ in rows]
    for i, (title, kind) in enumerate(columns):
        texts = [tables.plain(row[i], kind) for row in rows]
        if kind == "num":
            names, numbers, words_of = number_column(title, texts)
        else:
            names, words_of = [title], [[] for _ in rows]
            numbers = [{title: ascii_number(text)} for text in texts]
        head += names
        for into, note, number, said in zip(out, notes, numbers, words_of):
            into.update(number)
            note += said
    if any(notes):
        head.append("note")
    return tables.csv_of(head, [{**into, "note": "; ".join(note)}
                                for into, note in zip(out, notes)])


def scaled(value, unit):
    """The number in its column's unit; as printed where that is its own."""
    factor = UNITS[unit][1]
    return value.lstrip("+") if factor == 1 else float(value) * factor


def archive(out):
    """Every CSV and JSON file of the report as one zip file, which is also
    written; the same bytes from the same files."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(p for p in out.rglob("*")
                           if p.suffix in (".csv", ".json")):
            packed.writestr(zipfile.ZipInfo(path.relative_to(out).as_posix(),
                                            (1980, 1, 1, 0, 0, 0)),
                            path.read_bytes(), zipfile.ZIP_DEFLATED)
    with folders.naming(out / ARCHIVE):
        (out / ARCHIVE).write_bytes(into.getvalue())
    return into.getvalue()
