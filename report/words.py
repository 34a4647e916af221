# SPDX-License-Identifier: Apache-2.0
"""Numbers as text: the only place that chooses how they look.

Everything printed (page, tables, figures, tool tips, terminal) goes through
sig(), so that one number looks the same everywhere.
"""
import math
import re

MINUS, THIN, NARROW = "\u2212", "\u202f", "\u00a0"
MAC = {1024: "Ki", 1024 ** 2: "Mi", 1024 ** 3: "Gi"}


def sig(value, digits=3):
    """Three significant digits, no exponent: 8.17, 0.0455, 1 101."""
    if value is None or math.isnan(value):
        return "none"
    if math.isinf(value):
        return "unbounded"
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    places = max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)
    # from 1000 on every digit is printed: 1 101, not 1 100
    text = f"{value if abs(value) >= 1000 else rounded:,.{places}f}"
    return text.replace(",", THIN).replace("-", MINUS)


def at_least(value, digits=3):
    """The same, but never rounded down: what is needed."""
    places = max(digits - 1 - math.floor(math.log10(value)), 0)
    return sig(math.ceil(value * 10 ** places - 1e-9) / 10 ** places, digits)


def percent(value, digits=3, sign=False):
    """12.3 -> "12.3 %", with a sign where a difference is meant."""
    if abs(value) < 0.005:  # 0.00031 % carries no meaning
        return "0.00" + NARROW + "%"
    text = sig(value, 2 if abs(value) < 1 else digits)
    return ("+" if sign and value > 0 else "") + text + NARROW + "%"


def part(some, of):
    """"417 of 1 043 (40 %)": a count, and what it is a part of."""
    share = f" ({percent(100 * some / of, 2)})" if some else ""
    return f"{count(some)} of {count(of)}{share}"


def count(value):
    """A whole number, digits in threes: 25 200."""
    return f"{value:,d}".replace(",", THIN)


def between(low, high, reason=None):
    """An interval, or in words why there is none."""
    if low is None or high is None:
        return f"({(reason or 'no interval').replace('<', ' < ')})"
    return f"[{sig(low)}, {sig(high)}]"


def estimate(row):
    """Centre and interval of a summary of report.stats."""
    if row["centre"] is None:
        return "none"
    span = between(row["low"], row["high"], row["reason"])
    return f"{sig(row['centre'])} {span}"


def seen(mde_percent):
    """A smallest detectable difference; what says nothing is not spelt."""
    if mde_percent > 200:
        return f"> 200{NARROW}%"
    return percent(mde_percent, 2)


def control_word(low, high, limit_low, limit_high):
    """State of a control whose interval is [low, high]: "ok" (within the
    limits), "FAILED" (wholly outside), "undecided" (it reaches over one),
    "cannot decide" (there is no interval)."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return "cannot decide"
    if low > limit_high or high < limit_low:
        return "FAILED"
    return "ok" if limit_low <= low and high <= limit_high else "undecided"


def plural(n, noun):
    """1 thread, 2 threads, 25 200 trials."""
    return f"{count(n)} {noun}{'' if n == 1 else 's'}"


def keys(n):
    """65536 -> "64 Ki", 1000 -> "1 000"."""
    for unit in sorted(MAC, reverse=True):
        if n >= unit and n % unit == 0:
            return f"{n // unit} {MAC[unit]}"
    return count(n)


def of_keys(n):
    """"1 key", "64 Ki keys"."""
    return f"{keys(n)} key{'' if n == 1 else 's'}"


def share(value):
    """A write share as it stands on an axis: 0.027 -> "2.7"."""
    return f"{100 * value:.6g}"


def writes(kind):
    """What operations that write are called: updates, churn writes."""
    return "updates" if kind == "update" else f"{kind} writes"


def writes_part(write_share, kind):
    """"3 % updates"; without writes there is no kind to name."""
    if write_share == 0:
        return "lookups only"
    if write_share == 1:
        return f"{writes(kind)} only"
    return f"{share(write_share)}{NARROW}% {writes(kind)}"


def mix(write_share, kind):
    """"97 % lookups, 3 % updates": both shares with their words, for "97:3
    update" can be read as 97 % updates."""
    part = writes_part(write_share, kind)
    if write_share in (0, 1):
        return part
    return f"{100 - 100 * write_share:.6g}{NARROW}% lookups, {part}"


PAIRED = re.compile(r"%\s(?:churn|fresh) writes")
SHARE = re.compile(r"%\s(?:lookups|updates|churn writes|fresh writes)")


def share_counts(text):
    """What a share of writes counts, beside a text that prints one; "" beside
    any other."""
    if not SHARE.search(text):
        return ""
    both = (f": 3{NARROW}% of operations are 1.5{NARROW}% of iterations where"
            " a write is two, as churn and fresh are"
            if PAIRED.search(text) else "")
    return f" Shares are of operations{both}."


def commit(build):
    """Of what a program was built: "0abe47f548d6 (dirty)"."""
    return str(build.get("commit") or "unknown")[:12] + (
        " (dirty)" if build.get("dirty") else "")


def joined(parts):
    """a, b and c"""
    parts = list(parts)
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def duration(ns):
    """Nanoseconds with a unit that reads well."""
    for limit, unit in ((1e3, "ns"), (1e6, "µs"), (1e9, "ms")):
        if abs(ns) < limit:
            return f"{sig(ns / limit * 1e3)} {unit}"
    return f"{sig(ns / 1e9)} s"


def size(n_bytes):
    """Bytes in binary units."""
    for limit, unit in ((1024, "B"), (1024 ** 2, "KiB"), (1024 ** 3, "MiB")):
        if abs(n_bytes) < limit:
            return f"{sig(n_bytes / limit * 1024)} {unit}"
    return f"{sig(n_bytes / 1024 ** 3)} GiB"


def numbers(text):
    """The numbers in a text, as printed: for the test that every number of
    the claim sentence stands in a table."""
    return re.findall(rf"\d+(?:{THIN}\d{{3}})*(?:\.\d+)?", text)
