# SPDX-License-Identifier: Apache-2.0
"""Reads and writes JSON as the runner does: unique members, finite numbers, limited depth. Other
texts are rejected, even if Python's parser accepts them."""
import json
import math
from collections.abc import Callable

DIGITS = bytes.maketrans(b"123456789", b"000000000")


def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Builds an object. A repeated member is an error, because one value would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} occurs twice")
    return found


def number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a number")
    return value


def whole(text: str) -> int:
    """Parses an integer of 64 bits, which is the range of the runner's library."""
    value = int(text)
    if not -(1 << 63) <= value < 1 << 63:
        raise ValueError(f"{text[:24]}... does not fit 64 bits")
    return value


def may_be_long(data: bytes) -> bool:
    """True if a run of digits is long enough for a number of more than 64 bits. Most of the
    millions of lines in journals have no such run and skip the slow check."""
    return b"0" * 19 in data.translate(DIGITS)


def loads(text: str | bytes) -> object:
    """Parses text or UTF-8 bytes. Raises ValueError if the JSON is invalid."""
    if isinstance(text, bytes):
        try:  # decode here, because Python's parser would also accept UTF-16
            data, text = text, text.decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"byte {error.start + 1} is not UTF-8") from None
    else:
        data = text.encode(errors="surrogatepass")
    if not text.strip():
        raise ValueError("the file is empty")
    try:
        value: object = json.loads(
            text, object_pairs_hook=members,
            parse_int=whole if may_be_long(data) else None,
            parse_float=number, parse_constant=number)
        if "\\u" in text:  # an unpaired surrogate could not be written again
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dumps(value: object, *, indent: int | None = None, sort_keys: bool = False,
          ensure_ascii: bool = True, separators: tuple[str, str] | None = None,
          default: Callable[[object], object] | None = None) -> str:
    """Formats a value, with the options of json.dumps(). Raises ValueError if a number is NaN or
    infinite, because an unknown number must be None."""
    return json.dumps(value, indent=indent, sort_keys=sort_keys, ensure_ascii=ensure_ascii,
                      separators=separators, default=default, allow_nan=False)
