# SPDX-License-Identifier: Apache-2.0
"""A table once, as HTML and Markdown (LaTeX: latex.py); CSV of rows.

Columns are (title, kind) with kind "text", "num" or "html"; rows are lists
of strings. Marker glyphs (<i>) and tags stay in the HTML only.
"""
import csv
import html
import io
import re


MARKDOWN = re.compile(r"[\\|<&]")  # begins something else than text
FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.\s]|$)")  # as spreadsheets see it


def plain(value, kind="html"):
    """A cell without glyphs and tags; only cells of kind "html" have any."""
    if kind != "html":
        return re.sub(r"[\r\n\t]+", " ", str(value)).strip()
    text = re.sub(r"<i [^>]*>.*?</i>", "", str(value))
    text = re.sub(r"<br ?/?>", " ", text)
    text = html.unescape(re.sub(r"<[^>]*>", "", text))
    return re.sub(r"[\r\n\t]+", " ", text).strip()


def plain_rows(columns, rows):
    return [[plain(value, kind) for value, (_, kind) in zip(row, columns)]
            for row in rows]


def shown(value, kind):
    return str(value) if kind == "html" else html.escape(str(value))


def as_html(caption, columns, rows, css="", sort=False, key="",
            ids=None):
    """Caption, column and row headers, numbers right-aligned.

    ids -- one per row: what a link can point to
    """
    def head(title, kind):
        title = html.escape(title)
        inner = f'<button type="button">{title}</button>' if sort else title
        return f'<th scope="col" class="{kind}">{inner}</th>'

    def label(title):
        """Cards have no heading row: each value has its heading beside it."""
        return (f' data-label="{html.escape(title)}"' if "cards" in css
                else "")

    body = []
    for at, row in enumerate(rows):
        first = shown(row[0], columns[0][1])
        cells = [f'<th scope="row" class="{columns[0][1]}">{first}</th>']
        cells += [f'<td class="{kind}"{label(title)}>{shown(value, kind)}</td>'
                  for value, (title, kind) in zip(row[1:], columns[1:])]
        mark = f' id="{html.escape(ids[at])}"' if ids else ""
        body.append(f"<tr{mark}>{''.join(cells)}</tr>")
    mark = f' id="{key}"' if key else ""
    css += " sort" if sort else ""
    return (f'<div class="scroll"><table{mark} class="{css}">'
            f"<caption><span>{caption}</span></caption><thead><tr>"
            f'{"".join(head(*c) for c in columns)}</tr></thead>'
            f'<tbody>{"".join(body)}</tbody></table></div>')


def as_markdown(columns, rows):
    """Pipes; numbers to the right."""
    lines = [[MARKDOWN.sub(r"\\\g<0>", value) for value in row] for row in
             [[title for title, _ in columns], *plain_rows(columns, rows)]]
    lines.insert(1, ["---:" if kind == "num" else "---"
                     for _, kind in columns])
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def number(value):
    """Full precision for data files: six digits, "" where there is none."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # bytes and counts keep every digit
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    return f"'{text}" if FORMULA.match(text) else text


def csv_text(head, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([number(v) for v in row] for row in rows)
    return out.getvalue()


def csv_of(columns, rows):
    """CSV of dicts; columns name the members, in order."""
    return csv_text(columns, [[row.get(c) for c in columns] for row in rows])
