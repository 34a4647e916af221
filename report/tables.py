# SPDX-License-Identifier: Apache-2.0
"""A table once, four ways out: HTML, Markdown, LaTeX, CSV.

Columns are (title, kind) with kind "text", "num" or "html"; rows are lists
of strings. Marker glyphs (<i>) and tags stay in the HTML only.
"""
import csv
import html
import io
import re

LATEX = {"\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "_": r"\_",
         "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}", "~": r"\~{}",
         "^": r"\^{}", "<": r"$<$", ">": r"$>$", "×": r"$\times$",
         "≈": r"$\approx$", "–": "--", "≥": r"$\ge$", "≤": r"$\le$",
         "÷": r"$\div$", "±": r"$\pm$", "−": r"$-$", "µ": r"$\mu$",
         "\u202f": r"\,", "\u00a0": "~", "·": r"$\cdot$", "⚠": "",
         "✓": r"$\surd$", "✗": r"$\times$", "…": r"\ldots{}"}


def plain(value):
    """A cell without glyphs and tags."""
    text = re.sub(r"<i [^>]*>.*?</i>", "", str(value))
    text = re.sub(r"<br ?/?>", " ", text)
    return html.unescape(re.sub(r"<[^>]*>", "", text)).strip()


def shown(value, kind):
    return str(value) if kind == "html" else html.escape(str(value))


def as_html(caption, columns, rows, css="", sort=False, key=""):
    """Caption, column and row headers, numbers right-aligned."""
    def head(title, kind):
        inner = f'<button type="button">{title}</button>' if sort else title
        return f'<th scope="col" class="{kind}">{inner}</th>'

    body = []
    for row in rows:
        first = shown(row[0], columns[0][1])
        cells = [f'<th scope="row" class="{columns[0][1]}">{first}</th>']
        cells += [f'<td class="{kind}">{shown(value, kind)}</td>'
                  for value, (_, kind) in zip(row[1:], columns[1:])]
        body.append(f"<tr>{''.join(cells)}</tr>")
    mark = f' id="{key}"' if key else ""
    return (f'<div class="scroll"><table{mark} class="{css}{" sort" if sort else ""}">'
            f"<caption><span>{caption}</span></caption><thead><tr>"
            f'{"".join(head(*c) for c in columns)}</tr></thead>'
            f'<tbody>{"".join(body)}</tbody></table></div>')


def as_markdown(columns, rows):
    """Pipes; numbers to the right."""
    lines = [[title for title, _ in columns],
             ["---:" if kind == "num" else "---" for _, kind in columns]]
    lines += [[plain(v).replace("|", r"\|") for v in row] for row in rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def tex(value):
    return "".join(LATEX.get(c, c) for c in plain(value))


def as_latex(name, caption, columns, rows):
    """booktabs, escaped, labelled tab:NAME."""
    align = "".join("r" if kind == "num" else "l" for _, kind in columns)
    lines = [r"\begin{table}",
             rf"\caption{{{tex(caption)}}}\label{{tab:{name}}}",
             rf"\begin{{tabular}}{{{align}}}", r"\toprule",
             " & ".join(tex(title) for title, _ in columns) + r" \\",
             r"\midrule"]
    lines += [" & ".join(tex(v) for v in row) + r" \\" for row in rows]
    lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def as_csv(columns, rows):
    """What the table shows, as text."""
    return csv_text([title for title, _ in columns],
                    [[plain(v) for v in row] for row in rows])


def number(value):
    """Full precision for data files: six digits, "" where there is none."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def csv_text(head, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([number(v) for v in row] for row in rows)
    return out.getvalue()


def csv_of(columns, rows):
    """CSV of dicts; columns name the members, in order."""
    return csv_text(columns, [[row.get(c) for c in columns] for row in rows])
