#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# seal.sh - copies a text whose first line ends with a JSON object, and adds the member "crc32" of
# runner/base/checksum.h to this object. A gzip file ends with the CRC-32 and the length of its text.
export LC_ALL=C
text=$(cat) first=${text%%"
"*}
rest=${text#"$first"} first=${first%\}}
[ "$text" != "$first$rest" ] || { echo "seal.sh: expected a first line that ends with }" >&2; exit 2; }
sum=$(printf '%s%s\n' "$first" "$rest" | gzip -c | tail -c 8 | od -An -N4 -tx4 --endian=little | tr -d ' ')
printf '%s,"crc32":"%s"}%s\n' "$first" "$sum" "$rest"
