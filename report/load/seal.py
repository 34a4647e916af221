# SPDX-License-Identifier: Apache-2.0
"""The checksums of a campaign's folder (results/README.md); `readmostly dev
validate` checks the same in C."""
import hashlib
import json
import re
import zlib
from collections.abc import Mapping

LINE = re.compile(rb'(.*),"crc32":"([0-9a-f]{8})"\}', re.S)
ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|.)")
QUOTE = json.JSONEncoder(ensure_ascii=False).encode
ADVICE = "`readmostly dev validate` names all that is wrong in the folder"


def crc32(data: bytes) -> str:
    """As 8 hexadecimal digits."""
    return f"{zlib.crc32(data):08x}"


def sha256(data: bytes) -> str:
    """As hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def line_is_whole(line: bytes, sealed: bool) -> bool:
    """Is a line of trials.jsonl as it was written? A line without a checksum
    is, if the campaign is older than checksums (not sealed)."""
    match = LINE.fullmatch(line)
    if not match:
        return not sealed
    return crc32(match[1]) == match[2].decode()


def real(value: float) -> str:
    """As the runner's library prints it, with 17 digits."""
    mantissa, e, exponent = f"{value:.17g}".partition("e")
    if e:
        return f"{mantissa}e{int(exponent)}"
    return mantissa if "." in mantissa else mantissa + ".0"


def quoted(text: str) -> str:
    """As that library escapes it: hexadecimal digits are capitals."""
    return ESCAPE.sub(lambda m: "\\u" + m[1].upper() if m[1] else m[0], QUOTE(text))


def canonical(value: object) -> str:
    """JSON text that does not depend on order and spaces."""
    if isinstance(value, dict):
        return "{%s}" % ",".join(f"{quoted(k)}:{canonical(value[k])}" for k in sorted(value))
    if isinstance(value, list):
        return "[%s]" % ",".join(map(canonical, value))
    if isinstance(value, str):
        return quoted(value)
    return real(value) if isinstance(value, float) else json.dumps(value)


def campaign_sha256(meta: Mapping[str, object]) -> str:
    """What "sha256" of campaign.json must be: over all other members."""
    rest = {k: v for k, v in meta.items() if k != "sha256"}
    return sha256(canonical(rest).encode())


def plan_sha256(meta: Mapping[str, object]) -> str:
    """What "plan_sha256" must be."""
    plan = {k: meta.get(k) for k in ("seed", "cells", "order")}
    return sha256(canonical(plan).encode())
