/* SPDX-License-Identifier: Apache-2.0 */
/* checksum.c - CRC-32 of journal lines and files. It detects damage, but not
   forgery. */
#include "runner/base/checksum.h"

#include "runner/base/file.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* A line with a checksum ends with ,"crc32":"XXXXXXXX"}. The checksum covers
   all other bytes of the line, so it does not depend on number formats. */
static const char before_sum[] = ",\"crc32\":\"", after_sum[] = "\"}";

enum {
	BEFORE = sizeof(before_sum) - 1,
	SUM = RM_CRC32_TEXT - 1,
	AFTER = sizeof(after_sum) - 1,
	SEAL = BEFORE + SUM + AFTER,
	HEAD = sizeof(RM_SEALED_HEAD) - 1,
};

void rm_crc32(const void *bytes, size_t size, char text[RM_CRC32_TEXT])
{
	snprintf(text, RM_CRC32_TEXT, "%08lx", crc32_z(0, bytes, size));
}

/* Computes the checksum of `text` without the bytes `from` to `to`. */
static void sum_without(const char *text, size_t size, size_t from, size_t to,
        char sum[RM_CRC32_TEXT])
{
	unsigned long crc = crc32_z(0, (const Bytef *)text, from);

	crc = crc32_z(crc, (const Bytef *)text + to, size - to);
	snprintf(sum, RM_CRC32_TEXT, "%08lx", crc);
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

int rm_text_seal(
        FILE *out, int (*write)(FILE *to, const void *what), const void *what)
{
	char *text = NULL, sum[RM_CRC32_TEXT];
	size_t size = 0;
	FILE *all = open_memstream(&text, &size);
	int failed = all ? write(all, what) : -ENOMEM;

	if (all && fclose(all) && !failed)
		failed = -ENOMEM;
	if (!failed) {
		size_t brace = strcspn(text, "\n") - 1;

		sum_without(text, size, brace, brace + 1, sum);
		fprintf(out, "%.*s%s%s\"", (int)brace, text, before_sum, sum);
		fwrite(text + brace, 1, size - brace, out);
		failed = rm_file_flush(out);
	}
	free(text);
	return failed;
}

enum rm_seal rm_line_check(const char *text, size_t size)
{
	const char *newline = memchr(text, '\n', size);
	size_t end = newline ? (size_t)(newline - text) : size;
	const char *seal = text + end - SEAL;
	char sum[RM_CRC32_TEXT];

	if (end < SEAL || memcmp(seal, before_sum, BEFORE) ||
	        memcmp(seal + BEFORE + SUM, after_sum, AFTER))
		return size < HEAD || memcmp(text, RM_SEALED_HEAD, HEAD)
		               ? RM_SEAL_NONE
		               : RM_SEAL_BROKEN;
	sum_without(text, size, end - SEAL, end, sum);
	return memcmp(seal + BEFORE, sum, SUM) ? RM_SEAL_BROKEN : RM_SEAL_WHOLE;
}
