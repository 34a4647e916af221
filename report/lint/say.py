# SPDX-License-Identifier: Apache-2.0
"""Numbers, names and places as the report prints them, read back."""
import math
import re

THIN = "\u202f"
NUMBER = rf"[−-]?\d+(?:{THIN}\d{{3}})*(?:\.\d+)?"
WHOLE = rf"\d+(?:{THIN}\d{{3}})*"
COUNTS = rf"{WHOLE}(?:(?:, | and ){WHOLE})*"  # "2, 8 and 1 000"
TRIPLE = re.compile(rf"({NUMBER})\s*(?:times\s*|Mop/s\s*)?"
                    rf"\[({NUMBER}),\s*({NUMBER})\]")
UNITS = {"Ki": 1024, "Mi": 1024 ** 2, "Gi": 1024 ** 3}


def each_count(text):
    """The numbers of such a list."""
    return [int(n.replace(THIN, "")) for n in re.findall(WHOLE, text)]


def value(text):
    return float(text.replace(THIN, "").replace("−", "-"))


def half(text):
    """Half a unit of the last digit that is printed."""
    after = text.partition(".")[2]
    return 0.5 * 10.0 ** -len(after)


def same(text, true):
    """Is this how `true` is printed, to the digits that are there? One
    digit less than three is no other number; none at all is."""
    if true is None or not math.isfinite(true):
        return False
    off = abs(value(text) - true)
    return off <= half(text) * (1 + 1e-6) + 1e-9 * abs(true)


def close(number, true):
    """A number of a CSV or JSON file against the rows': to six digits, or
    to twelve where it has more than nine."""
    if number is None or true is None:
        return number is None and true is None
    if number == true or not true:
        return number == true
    six = 0.5 * 10.0 ** (math.floor(math.log10(abs(true))) - 5)
    digits = re.sub(r"e.*|\D", "", repr(number)).strip("0")
    precise = len(digits) > 9
    return abs(number - true) <= (1e-12 * abs(true) if precise
                                  else six * (1 + 1e-6))


def cell(text):
    """A number of a CSV field; None where it is empty."""
    return float(text) if text not in ("", None) else None


def agrees(text, true):
    """Is this how a data file holds a value: text as it is, numbers to six
    digits, nothing where there is none?"""
    if callable(true):
        return true(text)
    if true is None or true == "":
        return text in ("", None)
    if isinstance(true, (str, bool)):
        return ascii_(text).lstrip("'") == ascii_(str(true))
    if isinstance(true, int) or abs(true) >= 1e6 and float(
            true).is_integer():
        return text == str(int(true))  # counts and bytes keep every digit
    try:
        return close(float(text), true)
    except ValueError:
        return False


def ascii_(text):
    """Without the blanks and the sign that are for readers."""
    return (text.replace(THIN, "").replace("\u00a0", " ")
            .replace("−", "-"))


def printed(text, true):
    """Is this how the page prints a value? A function says it itself."""
    if callable(true):
        return true(text)
    if isinstance(true, str):
        return text == true
    if not re.fullmatch(NUMBER, text):
        return False
    return same(text, true)


def told(text, form, *values):
    """Is a text of this form, with each {} as its value is printed?"""
    text, form = (s.replace("\u00a0", " ").replace(THIN, "")
                  for s in (text, form))
    pattern = "(.+?)".join(map(re.escape, form.split("{}")))
    match = re.fullmatch(pattern, text)
    return bool(match) and all(map(printed, match.groups(), values))


def listed(parts, wanted):
    """Are these "NAME VALUE", one for each of NAME -> true value?"""
    said = dict(part.split(" ", 1) for part in parts if " " in part)
    return (len(parts) == len(said) and said.keys() == wanted.keys()
            and all(printed(said[m], v) for m, v in wanted.items()))


def plural(n, noun):
    return f"{n} {noun}{'' if n == 1 else 's'}"


def part(some, of):
    """(form, values) of "417 of 1 043 (40 %)"."""
    return ("{} of {} ({} %)", (some, of, 100 * some / of)) if some else (
        "{} of {}", (some, of))


def names(text, maps):
    """Ids of maps in a text, in order, the longest at each place."""
    if not maps:
        return []
    ids = "|".join(re.escape(m) for m in sorted(maps, key=len, reverse=True))
    return [m[0] for m in re.finditer(rf"(?<![\w./-])(?:{ids})(?![\w-])",
                                      text)]


KINDS = {"updates": "update", "churn writes": "churn",
         "fresh writes": "fresh"}
WRITES = "|".join(KINDS)
SHARE = r"(\d+(?:\.\d+)?)[ \u00a0]%"
MIX = rf"{SHARE} lookups, {SHARE} ({WRITES})"


def mixes(text):
    """(write share, kind or None) that a text names, or None."""
    found = re.search(MIX, text)
    if found:  # a mix that does not add up fits no place
        whole = abs(float(found[1]) + float(found[2]) - 100) < 1e-6
        return (float(found[2]) / 100 if whole else math.nan,
                KINDS[found[3]])
    if "lookups only" in text:
        return 0.0, None
    only = re.search(rf"({WRITES}) only", text)
    return (1.0, KINDS[only[1]]) if only else None


def counts(text):
    found = re.search(rf"(\d+(?:{THIN}\d{{3}})*) threads?\b", text)
    return int(value(found[1])) if found else None


def keys(text):
    found = re.search(rf"(\d+(?:[ {THIN}]\d{{3}})*(?:\.\d+)?)[ {THIN}]?"
                      r"(Ki|Mi|Gi)? (?:resident )?keys?\b", text)
    if not found:
        return None
    return round(value(found[1].replace(" ", ""))
                 * UNITS.get(found[2], 1))


class Places:
    """Finds the groups that a text or a row of data is about."""

    def __init__(self, rows, reference):
        self.rows, self.reference = rows, reference

    def of(self, text):
        """Groups that fit a place in words; what is unsaid is as usual."""
        if isinstance(text, dict):
            return self.of_row({k: str(v) for k, v in text.items()})
        share, threads, keys_ = mixes(text), counts(text), keys(text)
        if threads is None or share is None:
            return []
        fits = [g for g in self.rows.groups
                if g.place["threads"] == threads
                and keys_ in (None, g.place["keys"])
                and fits_mix(g.place, share)]
        return self.usual(fits, text)

    def usual(self, fits, text):
        """Narrows by what is named; else by what is usual."""
        for factor in fits[0].place if fits else ():
            if factor in ("threads", "keys", "write_share", "write_kind"):
                continue
            said = [g for g in fits if names_factor(
                text, factor, g.place[factor])]
            plain = [g for g in fits if g.place[factor] in self.plain(factor)]
            fits = said or plain or fits
        return fits

    def plain(self, factor):
        from report.lint.rows import USUAL
        return (self.reference if factor == "workload"
                else {USUAL.get(factor)})

    def of_row(self, row):
        """Groups that fit the columns of a CSV row, or a cell's id."""
        named = self.rows.cells.get(row.get("cell") or "")
        if named is not None:
            return [g for g in self.rows.groups
                    if named in g.cells.values()]
        return [g for g in self.rows.groups if all(
            fits_factor(k, v, row[k]) for k, v in g.place.items()
            if row.get(k) not in (None, ""))]


def names_factor(text, factor, true):
    """Does a text say this value: alone, or where a plain word could stand
    for something else ("no interval"), with the factor's name."""
    if factor == "presize":
        return not true and "not presized" in text
    if factor in ("settle", "clock_rate", "huge_pages"):
        return f"{factor.replace('_', ' ')} {true}" in text
    return str(true) in re.split(r"[\s,;]+", text)


def fits_mix(place, mix):
    share, kind = mix
    if not abs(place["write_share"] - share) <= 1e-9:
        return False
    return not share or kind in (None, place["write_kind"])


def fits_factor(name, true, text):
    if name == "workload":
        return true in text.split(" + ")
    if isinstance(true, bool):
        return text == str(true)
    if isinstance(true, (int, float)):
        return abs(float(text) - true) <= 1e-6 * max(abs(true), 1)
    return text == true
