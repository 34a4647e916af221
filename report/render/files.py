# SPDX-License-Identifier: Apache-2.0
"""Formats tables as CSV for programs, and as LaTeX and Markdown for texts."""
import csv
import io

from report.model.number import Estimate
from report.render import formats
from report.render.sheets import Sheet
from report.render.view import Cell

ESCAPES = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}",
           "^": r"\textasciicircum{}", **{c: "\\" + c for c in "&%$#_{}"},
           "±": r"$\pm$", "×": r"$\times$", "µ": r"$\mu$", "–": "--",
           "\u00a0": "~", "<": r"\textless{}", ">": r"\textgreater{}"}
SPREAD = ("low", "high", "n")


def table_csv(sheet: Sheet) -> str:
    """Formats CSV in full precision; an estimate has columns for its interval and n."""
    wide = [any(isinstance(row[i].value, Estimate) for row in sheet.rows)
            for i in range(len(sheet.columns))]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([name for column, spread in zip(sheet.columns, wide)
                     for name in (column.id, *(f"{column.id}_{s}" for s in SPREAD
                                               if spread))])
    for row in sheet.rows:
        writer.writerow([value for cell, spread in zip(row, wide)
                         for value in values(cell, spread)])
    return out.getvalue()


def values(cell: Cell, spread: bool) -> list[object]:
    """Returns the columns of a cell; missing values become empty."""
    one = cell.value
    if isinstance(one, Estimate):
        return [one.value, one.low, one.high, one.n]
    return [one, None, None, None] if spread else [one]


def words(cell: Cell, kind: str) -> str:
    """Formats a cell as text; an estimate has ± and its margin."""
    one = cell.value
    if isinstance(one, Estimate):
        around = "" if one.margin is None else \
            f" ± {formats.text('margin', one.margin)}"
        return formats.text(kind, one.value) + around
    if isinstance(one, (int, float)) and kind != "text":
        return formats.text(kind, one)
    return formats.NONE if one is None else str(one)


def about(sheet: Sheet) -> str:
    """Returns the caption and the constant columns in one line."""
    same = ", ".join(f"{column.head}: {words(sheet.rows[0][i], column.format)}"
                     for i in sheet.constant for column in [sheet.columns[i]])
    return " ".join(f"{sheet.caption} {same}".split()).replace("<", "&lt;")


def table_tex(sheet: Sheet) -> str:
    """Formats a LaTeX `tabular` for the package booktabs."""
    kept = sheet.varying
    align = "".join(
        "l" if sheet.columns[i].format == "text" else "r" for i in kept)
    lines = [f"% {sheet.title}. {about(sheet)}", f"\\begin{{tabular}}{{{align}}}",
             "\\toprule", tex_row([sheet.columns[i].head for i in kept]),
             "\\midrule"]
    lines += [tex_row([words(row[i], sheet.columns[i].format) for i in kept])
              for row in sheet.rows]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def tex_row(texts: list[str]) -> str:
    """Joins escaped texts into a row of a LaTeX table."""
    return " & ".join("".join(ESCAPES.get(c, c) for c in one)
                      for one in texts) + r" \\"


def table_md(sheet: Sheet) -> str:
    """Formats a table in GitHub's Markdown."""
    kept = sheet.varying
    lines = [md_row([sheet.columns[i].head for i in kept]),
             md_row(["---" if sheet.columns[i].format == "text" else "--:"
                     for i in kept])]
    lines += [md_row([words(row[i], sheet.columns[i].format) for i in kept])
              for row in sheet.rows]
    return "\n".join([f"**{sheet.title}.** {about(sheet)}", "", *lines]) + "\n"


def md_row(texts: list[str]) -> str:
    """Formats a row, escaping characters that have a meaning in Markdown or HTML."""
    return "| " + " | ".join(
        one.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
        .replace("\n", " ") for one in texts) + " |"
