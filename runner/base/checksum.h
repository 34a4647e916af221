/* SPDX-License-Identifier: Apache-2.0 */
/* checksum.h - detection of damaged lines and files. */
#ifndef RM_CHECKSUM_H
#define RM_CHECKSUM_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

enum { RM_CRC32_TEXT = 9 }; /* 8 hex digits and a NUL */

/* CRC-32 (zlib's) of `size` bytes as lower-case hex digits. */
void rm_crc32(const void *bytes, size_t size, char text[RM_CRC32_TEXT]);

/* Computes the CRC-32 of a file. Returns 0, or -errno if it cannot be read. */
int rm_crc32_file(const char *path, char text[RM_CRC32_TEXT]);

/* Returns an object as compact JSON and a newline. Adds a last member "crc32":
   the CRC-32 of the bytes before it. The caller frees the text. NULL: no
   memory. */
char *rm_line_seal(const json_t *line);

/* First bytes of a file that must have a checksum. */
#define RM_SEALED_HEAD "# {\"format\":\"readmostly-"

/* Calls `write` and copies its output to `out`. The first line of this output
   must end with a JSON object. Adds the last member "crc32" to this object: the
   CRC-32 of all bytes except the brace that follows. runner/seal.sh does the
   same. Returns 0; -ENOMEM; -EIO; or the negative result of `write`. */
int rm_text_seal(
        FILE *out, int (*write)(FILE *to, const void *what), const void *what);

/* Checks the "crc32" of rm_text_seal(), or of rm_line_seal() if `text` is a
   line without its newline. */
enum rm_seal {
	RM_SEAL_NONE, /* no checksum: an older line, or a damaged one */
	RM_SEAL_WHOLE,
	RM_SEAL_BROKEN, /* changed, or begins with RM_SEALED_HEAD only */
};
enum rm_seal rm_line_check(const char *text, size_t size);

#endif /* RM_CHECKSUM_H */
