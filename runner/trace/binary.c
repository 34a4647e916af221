/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binary.c - the binary form of a trace: a header of 32 bytes, then records of
 * 7 bytes plus key and value (docs/reference/traces.md). Numbers are little
 * endian. The checksum is zlib's crc32 of all other bytes.
 */
#include "runner/base/file.h"
#include "runner/trace/internal.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <zlib.h>

/* Offsets in the header. */
enum { VERSION_AT = 8, RECORD_AT = 12, COUNT_AT = 16, CRC_AT = 24 };
/* Offsets in a record. NO_VALUE is the length that means "no value". */
enum { KEY_BYTES_AT = 1, VALUE_BYTES_AT = 3 };
static const uint32_t NO_VALUE = UINT32_MAX;

static uint64_t number_at(const char *bytes, size_t size)
{
	uint64_t number = 0;

	memcpy(&number, bytes, size);
	return le64toh(number);
}

/* Computes a crc32 in parts, since crc32() takes at most 2^32 - 1 bytes at a
   time. */
static uLong sum_of(const char *bytes, size_t length)
{
	uLong sum = crc32(0, (const Bytef *)bytes, CRC_AT);

	for (size_t at = CRC_AT + 8; at < length;) {
		size_t part = length - at < 1 << 30 ? length - at : 1 << 30;

		sum = crc32(sum, (const Bytef *)bytes + at, (uInt)part);
		at += part;
	}
	return sum;
}

/* Sets the error and returns -EINVAL. A binary trace has no lines, so the error
   contains the byte offset, and the found and expected numbers. */
static int reject_at(const char *file, size_t at, struct rm_error *error,
        const char *what, uint64_t found, uint64_t expected)
{
	return rm_error_set(error, -EINVAL,
	        "%s: byte %zu: %s %" PRIu64 ", expected %" PRIu64
	        ": copy the file again, or write it again "
	        "(docs/reference/traces.md)",
	        file, at, what, found, expected);
}

/* Reads a record. Returns the record's size, or 0 if fewer bytes are left. */
static size_t record_at(
        const char *bytes, size_t left, struct rm_trace_line *line)
{
	uint64_t value;
	size_t size = RM_TRACE_RECORD_BYTES;

	if (left < size)
		return 0;
	value = number_at(bytes + VALUE_BYTES_AT, 4);
	line->word = (enum rm_trace_word)(unsigned char)bytes[0];
	line->length = number_at(bytes + KEY_BYTES_AT, 2);
	line->key = bytes + size;
	line->value_length = value == NO_VALUE ? 0 : value;
	line->value = value == NO_VALUE ? NULL : line->key + line->length;
	size += line->length + line->value_length;
	return left < size ? 0 : size;
}

/* Checks that the number of records matches the file's length. Otherwise a file
   that was truncated or joined at the end of a record would be read as a
   different trace. */
static int check_count(const char *file, const char *bytes, size_t length,
        struct rm_error *error)
{
	size_t at = RM_TRACE_HEADER_BYTES, size;
	struct rm_trace_line line;
	uint64_t records = 0;

	while ((size = record_at(bytes + at, length - at, &line))) {
		at += size;
		records++;
	}
	if (number_at(bytes + COUNT_AT, 8) == records && at == length)
		return 0;
	return rm_error_set(error, -EINVAL,
	        "%s: byte %zu: the file ends after %" PRIu64
	        " whole records, expected exactly %" PRIu64,
	        file, length, records, number_at(bytes + COUNT_AT, 8));
}

/* Checks the header. Rejects other versions: version 1 had numeric keys and no
   values. */
static int check_header(const char *file, const char *bytes, size_t length,
        struct rm_error *error)
{
	for (size_t i = 0; i < RM_TRACE_MAGIC_BYTES && i < length; i++)
		if (bytes[i] != RM_TRACE_MAGIC[i])
			return reject_at(file, i, error,
			        "not a readmostly trace: magic has",
			        (unsigned char)bytes[i],
			        (unsigned char)RM_TRACE_MAGIC[i]);
	if (length < RM_TRACE_HEADER_BYTES)
		return reject_at(file, length, error,
		        "the file ends within the header: bytes", length,
		        RM_TRACE_HEADER_BYTES);
	if (number_at(bytes + VERSION_AT, 4) != RM_TRACE_VERSION)
		return reject_at(file, VERSION_AT, error, "version",
		        number_at(bytes + VERSION_AT, 4), RM_TRACE_VERSION);
	if (number_at(bytes + RECORD_AT, 4) != RM_TRACE_RECORD_BYTES)
		return reject_at(file, RECORD_AT, error, "bytes of a record",
		        number_at(bytes + RECORD_AT, 4), RM_TRACE_RECORD_BYTES);
	return check_count(file, bytes, length, error);
}

size_t rm_trace_decimal(uint64_t key, char text[RM_TRACE_DECIMAL_BYTES])
{
	char turned[RM_TRACE_DECIMAL_BYTES];
	size_t length = 0;

	do
		turned[length++] = (char)('0' + key % 10);
	while (key /= 10);
	for (size_t i = 0; i < length; i++)
		text[i] = turned[length - 1 - i];
	return length;
}

/* Returns a description of the problem in a single record, or NULL. */
static const char *record_fault(const struct rm_trace_line *line)
{
	if (line->word > RM_TRACE_HAS)
		return "an unknown operation, expected 0 get, 1 set, 2 del or "
		       "3 has";
	if (!line->length || line->length > RM_TRACE_KEY_MAX ||
	        line->value_length > RM_TRACE_VALUE_MAX)
		return "an empty or too long key or value, expected keys of 1 "
		       "to 1024 and values of up to 2^20 bytes";
	if (line->value && line->word != RM_TRACE_SET)
		return "a value in a record other than set, expected none";
	return NULL;
}

int rm_trace_parse_binary(const char *file, const char *bytes, size_t length,
        struct rm_trace_builder *building, struct rm_error *error)
{
	size_t at = RM_TRACE_HEADER_BYTES, size;
	struct rm_trace_line line;
	int failed = check_header(file, bytes, length, error);

	if (failed)
		return failed;
	/* Checked before any record is used, since a flipped bit may produce
	   another valid key. */
	if (sum_of(bytes, length) != number_at(bytes + CRC_AT, 4) ||
	        number_at(bytes + CRC_AT + 4, 4))
		return reject_at(file, CRC_AT, error, "damaged: checksum is",
		        number_at(bytes + CRC_AT, 8), sum_of(bytes, length));
	for (; (size = record_at(bytes + at, length - at, &line)); at += size) {
		const char *why = record_fault(&line);

		failed = why ? -EINVAL : rm_trace_add(building, &line, &why);
		if (failed == -EINVAL)
			rm_error_set(error, failed, "%s: byte %zu: %s", file,
			        at, why);
		if (failed)
			return failed;
	}
	return 0;
}

struct output {
	FILE *out;
	uLong sum;
	bool only_sum;
};

/* Writes bytes, or only adds them to the checksum. The checksum precedes the
   data, and `out` may be a pipe. So all output is produced twice, and the first
   time only computes the checksum. */
static void put(struct output *output, const char *bytes, size_t length)
{
	output->sum = crc32(output->sum, (const Bytef *)bytes, (uInt)length);
	if (!output->only_sum)
		fwrite(bytes, 1, length, output->out);
}

static void put_record(struct output *output, const struct rm_trace_line *line)
{
	char record[RM_TRACE_RECORD_BYTES] = { (char)line->word };
	const uint16_t key = htole16((uint16_t)line->length);
	const uint32_t value =
	        htole32(line->value ? (uint32_t)line->value_length : NO_VALUE);

	memcpy(record + KEY_BYTES_AT, &key, sizeof(key));
	memcpy(record + VALUE_BYTES_AT, &value, sizeof(value));
	put(output, record, sizeof(record));
	put(output, line->key, line->length);
	if (line->value)
		put(output, line->value, line->value_length);
}

static void put_all(
        struct output *output, const struct rm_trace *trace, const char *header)
{
	uint64_t sets = 0;

	put(output, header, CRC_AT);
	if (!output->only_sum) /* the first run has computed the checksum */
		fwrite(header + CRC_AT, 1, 8, output->out);
	for (uint64_t rank = 0; rank < trace->present; rank++) {
		const struct rm_dictionary_key *key =
		        &trace->dictionary.keys[rank];

		put_record(output,
		        &(struct rm_trace_line){ .word = RM_TRACE_HAS,
		                .key = trace->dictionary.bytes + key->at,
		                .length = key->length });
	}
	for (uint64_t i = 0; i < trace->count; i++) {
		struct rm_trace_line line =
		        rm_trace_line_of(trace, trace->entries[i], &sets);

		put_record(output, &line);
	}
}

int rm_trace_write_binary(FILE *out, const struct rm_trace *trace)
{
	char header[RM_TRACE_HEADER_BYTES] = RM_TRACE_MAGIC;
	const uint32_t version = htole32(RM_TRACE_VERSION),
	               record = htole32(RM_TRACE_RECORD_BYTES);
	const uint64_t count = htole64(trace->present + trace->count);
	struct output output = { .out = out, .only_sum = true };
	uint32_t sum;

	memcpy(header + VERSION_AT, &version, 4);
	memcpy(header + RECORD_AT, &record, 4);
	memcpy(header + COUNT_AT, &count, 8);
	put_all(&output, trace, header);
	sum = htole32((uint32_t)output.sum);
	memcpy(header + CRC_AT, &sum, 4);
	output.only_sum = false;
	put_all(&output, trace, header);
	return rm_file_flush(out);
}

int rm_trace_save(const char *file, const struct rm_trace *trace, bool binary,
        struct rm_error *error)
{
	FILE *out = fopen(file, "wb");
	int failed = -errno;

	if (out)
		failed = binary ? rm_trace_write_binary(out, trace)
		                : rm_trace_write_text(out, trace);
	if (out && fclose(out) && !failed)
		failed = -errno;
	return failed ? rm_error_set(error, failed,
	                        "%s: cannot be written: %s: the input is "
	                        "unchanged; repeat the command with another "
	                        "file",
	                        file, strerror(-failed))
	              : 0;
}
