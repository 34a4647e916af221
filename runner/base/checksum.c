/* SPDX-License-Identifier: Apache-2.0 */
/* checksum.c - CRC-32 of journal lines and of files that they name. It detects
   damage, but not forgery. */
#include "runner/base/checksum.h"

#include "runner/base/file.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* A sealed line is its JSON text with a last member of this form. The checksum
   covers the bytes before that member and does not depend on number formats. */
static const char before_sum[] = ",\"crc32\":\"", after_sum[] = "\"}";

enum {
	BEFORE = sizeof(before_sum) - 1,
	SUM = RM_CRC32_TEXT - 1,
	AFTER = sizeof(after_sum) - 1,
	SEAL = BEFORE + SUM + AFTER,
};

void rm_crc32(const void *bytes, size_t size, char text[RM_CRC32_TEXT])
{
	snprintf(text, RM_CRC32_TEXT, "%08lx", crc32_z(0, bytes, size));
}

int rm_crc32_file(const char *path, char text[RM_CRC32_TEXT])
{
	FILE *file = rm_file_open(path);
	char *all = NULL;
	size_t size = 0;
	int failed = file ? rm_file_read(file, SIZE_MAX, &all, &size) : -errno;

	if (!failed)
		rm_crc32(all, size, text);
	free(all);
	if (file)
		fclose(file);
	return failed;
}

char *rm_line_seal(const json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT), *sealed = NULL;
	char sum[RM_CRC32_TEXT];

	if (!text)
		return NULL;
	text[strlen(text) - 1] = '\0'; /* the brace follows the checksum */
	rm_crc32(text, strlen(text), sum);
	if (asprintf(&sealed, "%s%s%s%s\n", text, before_sum, sum, after_sum) <
	        0)
		sealed = NULL;
	free(text);
	return sealed;
}

enum rm_seal rm_line_check(const char *text, size_t size)
{
	const char *seal = text + size - SEAL;
	char sum[RM_CRC32_TEXT];

	if (size < SEAL || memcmp(seal, before_sum, BEFORE) ||
	        memcmp(seal + BEFORE + SUM, after_sum, AFTER))
		return RM_SEAL_NONE;
	rm_crc32(text, size - SEAL, sum);
	return memcmp(seal + BEFORE, sum, SUM) ? RM_SEAL_BROKEN : RM_SEAL_WHOLE;
}
