# SPDX-License-Identifier: Apache-2.0
"""Tables for a paper: as wide as a column, or as the page, never wider.

Widths are estimated from the number of letters, on the safe side; letters
are smaller only where nothing else helps.
What is too wide gets columns that break lines; what is too long for a page
becomes a longtable.
"""
import math
import re

from report.tables import plain, plain_rows

COLUMN, PAGE = 84.0, 177.0  # mm: 3.33 and 7 inches
LETTER = 1.75  # mm of a letter at 8 pt, capitals included
SIZES = (("footnotesize", 8), ("scriptsize", 7), ("tiny", 5))  # pt
GAP = 2.2  # mm between columns: twice \tabcolsep
UNBROKEN = 10  # letters after which a word may break
LINES = 50  # of a page of such rows
ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "_": r"\_",
    "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}", "~": r"\~{}",
    "^": r"\^{}", "<": r"$<$", ">": r"$>$", "×": r"$\times$",
    "≈": r"$\approx$", "–": "--", "≥": r"$\ge$", "≤": r"$\le$",
    "÷": r"$\div$", "±": r"$\pm$", "−": r"$-$", "µ": r"$\mu$",
    "\u202f": r"\,", "\u00a0": "~", "·": r"$\cdot$", "⚠": "",
    "✓": r"$\surd$", "✗": r"$\times$", "…": r"\ldots{}", "“": "``",
    "”": "''", "⁶": "$^6$", "₂": "$_2$", "²": "$^2$", "→": r"$\to$",
    "◐": r"$\odot$"}


def tex(value):
    """A plain cell or caption, escaped."""
    return "".join(ESCAPES.get(c, c) for c in value)


def breakable(value):
    """The same where lines may break: long words have places to."""
    return " ".join(r"\allowbreak{}".join(map(tex, broken(word)))
                    for word in value.split(" "))


def broken(word):
    """A word at the places where it may break; TeX hyphenates letters
    itself, but no digits."""
    if len(word) <= UNBROKEN:
        return [word]
    run = "{1,%d}" % UNBROKEN if re.search(r"\d", word) else "+"
    return re.findall(rf"[^/_=:,-]{run}[/_=:,-]?|[/_=:,-]", word)


def letters(columns, rows):
    """The most letters in each column, its title included."""
    return [max([len(title)] + [len(row[i]) for row in rows])
            for i, (title, _) in enumerate(columns)]


def pieces(text):
    """The parts of a text between places where a line may break."""
    for word in text.split(" "):
        yield from broken(word)


def narrowest(columns, rows, i):
    """mm of the longest piece in a column; TeX hyphenates long words."""
    texts = [columns[i][0]] + [row[i] for row in rows]
    longest = max(min(len(piece), UNBROKEN + 1)
                  for text in set(texts) for piece in pieces(text))
    return LETTER * longest


def shared(wanted, least, room):
    """`room` mm for columns: what is wanted, but at most a common width
    that makes them fit, and at least what each needs."""
    low, high = 0.0, max(wanted)
    for _ in range(30):
        middle = (low + high) / 2
        total = sum(max(m, min(w, middle)) for w, m in zip(wanted, least))
        low, high = (low, middle) if total > room else (middle, high)
    return [max(m, min(w, low)) for w, m in zip(wanted, least)]


def layout(columns, rows):
    """(size, width of the table, {column: mm of those that break lines}) at
    the largest size that fits."""
    for size, points in SIZES:
        width, widths = fitted(columns, rows, 8 / points)
        if width <= PAGE + 0.1:
            break
    return size, width, widths


def fitted(columns, rows, more):
    """(width, widths) where letters are `more` times as small; in mm."""
    page = PAGE * more
    width, widths = spread(columns, rows, page, GAP * more)
    return width / more, {i: w / more for i, w in widths.items()}


def spread(columns, rows, page, gap):
    """The same at 8 pt on a page of so many mm."""
    wanted = [LETTER * n for n in letters(columns, rows)]
    gaps = gap * len(columns)
    if sum(wanted) + gaps <= page:
        return sum(wanted) + gaps, {}
    text = [kind != "num" for _, kind in columns]
    least = [narrowest(columns, rows, i) for i in range(len(columns))]
    fixed = [m if folds else w for folds, w, m in zip(text, wanted, least)]
    if sum(fixed) + gaps <= page:  # numbers stay on one line
        least = fixed
    given = shared(wanted, least, page - gaps)
    return sum(given) + gaps, {i: given[i] for i in range(len(columns))
                               if given[i] < wanted[i] - 0.05}


def height(rows, widths):
    """Lines that the rows take."""
    return sum(max([1] + [math.ceil(LETTER * len(row[i]) / w)
                          for i, w in widths.items()]) for row in rows)


def preamble(columns, widths):
    """Column letters of the tabular: l, r, or p with its width."""
    def one(i, kind):
        if i in widths:
            side = r"\raggedleft" if kind == "num" else r"\raggedright"
            return rf">{{{side}\arraybackslash}}p{{{widths[i]:.1f}mm}}"
        return "r" if kind == "num" else "l"

    return "".join(one(i, kind) for i, (_, kind) in enumerate(columns))


def as_latex(name, caption, columns, rows):
    """booktabs, escaped, labelled tab:NAME; the first line says what it
    needs and how wide it is."""
    rows = plain_rows(columns, rows)
    size, width, widths = layout(columns, rows)
    cell = lambda i, v: (breakable if i in widths else tex)(v)
    line = lambda row: " & ".join(cell(i, v) for i, v in enumerate(row))
    head = line([title for title, _ in columns]) + r" \\"
    body = [line(row) + r" \\" for row in rows]
    title = rf"\caption{{{tex(plain(caption))}}}\label{{tab:{name}}}"
    columns = preamble(columns, widths)
    style = rf"\{size}\setlength{{\tabcolsep}}{{3pt}}"
    if height(rows, widths) > LINES:
        return "\n".join([
            f"% {min(width, PAGE):.0f} mm; one column; needs booktabs, array, "
            "longtable", "{" + style, rf"\begin{{longtable}}{{{columns}}}",
            title + r" \\", r"\toprule", head, r"\midrule", r"\endfirsthead",
            r"\toprule", head, r"\midrule", r"\endhead",
            *body, r"\bottomrule", r"\end{longtable}}", ""])
    float_ = "table" if width <= COLUMN else "table*"
    return "\n".join([
        f"% {width:.0f} mm; needs booktabs, array", rf"\begin{{{float_}}}",
        title, style, rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head,
        r"\midrule", *body, r"\bottomrule", r"\end{tabular}",
        rf"\end{{{float_}}}", ""])
