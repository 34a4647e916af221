#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# crc32.sh [json] - prints the CRC-32 of standard input, which ends a gzip file before its
# length. With "json": prints the object there with a last member "crc32", like a journal's
# line.
export LC_ALL=C
crc32() { gzip -c | tail -c 8 | od -An -N4 -tx4 --endian=little | tr -d ' '; }
[ "$1" = json ] || { crc32; exit; }
text=$(cat) && text=${text%\}} && printf '%s,"crc32":"%s"}\n' "$text" "$(printf %s "$text" | crc32)"
