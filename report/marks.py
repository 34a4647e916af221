# SPDX-License-Identifier: Apache-2.0
"""Limits that the articles set for what the suite counts: where one is
passed, the page says so beside the value."""
PAUSE_NS = 80e6  # article S2, section 4.4 (T22): a pause to look into
RANGE_NS = 1e6  # article S3, section 1 (T10): a Range to do without
COMPETITION_PERCENT = 37  # article S0, section 3.2 (T23): a lock to split

TIMED = ("insert", "update", "lookup", "load", "hit", "scan", "renew",
         "pause")  # what loops and hooks time, by the longest


def passed(statistic, value):
    """The limit that the value is above, in words, or ""."""
    if statistic == "lock_competition" and value > COMPETITION_PERCENT:
        return f"over {COMPETITION_PERCENT} %"
    if statistic == "scan_max" and RANGE_NS < value <= PAUSE_NS:
        return f"over {RANGE_NS / 1e6:.0f} ms"
    longest = statistic.endswith(("_max", "_max_ns")) \
        and statistic.split("_")[0] in TIMED
    if longest and value > PAUSE_NS:
        return f"over {PAUSE_NS / 1e6:.0f} ms"
    return ""


def beside(text, statistic, value):
    """The text of a value, and the limit that it passes."""
    limit = passed(statistic, value)
    return f"{text} ({limit})" if limit else text
