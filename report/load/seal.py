# SPDX-License-Identifier: Apache-2.0
"""Computes the checksums in a campaign's folder (results/README.md). `readmostly dev validate`
checks them in C."""
import hashlib
import json
import re
import shlex
import zlib
from collections.abc import Mapping
from pathlib import Path

LINE = re.compile(rb'(.*),"crc32":"([0-9a-f]{8})"\}(\n?)', re.S)
ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|.)")
QUOTE = json.JSONEncoder(ensure_ascii=False).encode


def advice(folder: Path) -> str:
    """Formats the next step for a damaged folder; callers append it to their error message."""
    return f"`readmostly dev validate {shlex.quote(str(folder))}` prints what can be kept"


def crc32(data: bytes) -> str:
    """Returns the CRC-32 as 8 hexadecimal digits."""
    return f"{zlib.crc32(data):08x}"


def sha256(data: bytes) -> str:
    """Returns the SHA-256 as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def line_is_whole(line: bytes, sealed: bool) -> bool:
    """True if a line of trials.jsonl, or the content of fleet.json, is unchanged. A line without a
    checksum is accepted only if the campaign is older than checksums (not `sealed`)."""
    match = LINE.fullmatch(line)
    if not match:
        return not sealed
    return crc32(match[1] + match[3]) == match[2].decode()


def real(value: float) -> str:
    """Formats a number as the runner's JSON library prints it, with 17 digits."""
    mantissa, e, exponent = f"{value:.17g}".partition("e")
    if e:
        return f"{mantissa}e{int(exponent)}"
    return mantissa if "." in mantissa else mantissa + ".0"


def quoted(text: str) -> str:
    """Formats a string as the runner's JSON library escapes it, with capital hexadecimal digits."""
    return ESCAPE.sub(lambda m: "\\u" + m[1].upper() if m[1] else m[0], QUOTE(text))


def canonical(value: object) -> str:
    """Formats a value as JSON that does not depend on order and white space."""
    if isinstance(value, dict):
        return "{%s}" % ",".join(f"{quoted(k)}:{canonical(value[k])}" for k in sorted(value))
    if isinstance(value, list):
        return "[%s]" % ",".join(map(canonical, value))
    if isinstance(value, str):
        return quoted(value)
    return real(value) if isinstance(value, float) else json.dumps(value)


def campaign_sha256(meta: Mapping[str, object]) -> str:
    """Computes the field "sha256" of campaign.json from all other members."""
    rest = {k: v for k, v in meta.items() if k != "sha256"}
    return sha256(canonical(rest).encode())


def plan_sha256(meta: Mapping[str, object]) -> str:
    """Computes the field "plan_sha256" of campaign.json."""
    plan = {k: meta.get(k) for k in ("seed", "cells", "order")}
    return sha256(canonical(plan).encode())
