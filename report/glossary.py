# SPDX-License-Identifier: Apache-2.0
"""Explains the words of the page: docs/glossary.md, as far as glossary.txt
names its rows."""
import html
import re
from pathlib import Path

HERE = Path(__file__).parent
GLOSSARY = HERE.parent / "docs" / "glossary.md"
TAG = re.compile(r"(<[^>]*>)")
NAME = re.compile(r"</?([a-z0-9]+)")
# in these a mark would be wrong, or stand in the way
QUOTED = re.compile(r'id="claim"|class="(?:key|find)"')
CLOSED = {"a", "abbr", "button", "code", "dl", "h1", "h2", "h3", "header",
          "pre", "summary", "svg"}


def meanings():
    """word -> meaning, of all rows of the glossary, without markup."""
    found = {}
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        cells = [c.strip() for c in line.split("|")]
        if len(cells) >= 4 and cells[1] not in ("word", "---"):
            word, meaning = (re.sub(r"\[([^]]*)\]\([^)]*\)|`", r"\1", c)
                             for c in cells[1:3])
            found.setdefault(word, meaning)
    return found


def read():
    """[(word, meaning, pattern of how the page writes it, or None)]"""
    known, terms = meanings(), []
    for line in (HERE / "glossary.txt").read_text(
            encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            word, form = re.fullmatch(r"(.+?):(?: (.*))?", line).groups()
            terms.append((word, known[word], form))
    return terms


def section(terms):
    """The glossary, closed, at the end of the page."""
    rows = "".join(f"<dt>{html.escape(word)}</dt><dd>"
                   f"{html.escape(meaning)}</dd>"
                   for word, meaning, _ in terms)
    return ('<section id="glossary" aria-label="Glossary"><details><summary>'
            f"Glossary: {len(terms)} words of this page</summary>"
            f'<dl class="terms">{rows}</dl></details></section>')


def explained(body, terms):
    """The page's text, each word with its meaning where it is first used
    outside headings, links, code, and the claim with its key and its links,
    which are left as they are."""
    left = {f"t{i}": (meaning, form) for i, (_, meaning, form)
            in enumerate(terms) if form}
    parts, closed = TAG.split(body), []
    for i, part in enumerate(parts):
        if i % 2:
            track(part, closed)
        elif left and not closed and part.strip():
            parts[i] = marked(part, left)
    return "".join(parts)


def track(tag, closed):
    """Keeps the open elements in which nothing is marked."""
    match = NAME.match(tag)
    if not match:
        return
    name = match[1]
    if tag.startswith("</"):
        if closed and closed[-1] == name:
            closed.pop()
    elif name in CLOSED or closed and closed[-1] == name \
            or QUOTED.search(tag):
        closed.append(name)


def marked(text, left):
    """One run of text; the terms marked in it are taken out of `left`."""
    forms = "|".join(f"(?P<{key}>{form})" for key, (_, form) in left.items())

    def mark(match):
        if match.lastgroup not in left:
            return match[0]  # a second time in one run
        meaning = html.escape(left.pop(match.lastgroup)[0])
        return f'<abbr title="{meaning}">{match[0]}</abbr>'

    return re.sub(rf"(?<![\w/.-])(?:{forms})(?![\w/.-])", mark, text)
