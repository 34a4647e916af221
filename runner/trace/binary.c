/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binary.c - the binary form of a trace: a header of 32 bytes, then records
 * of 9 (docs/traces.md). Numbers are little endian. The checksum is zlib's
 * crc32 of everything but itself.
 */
#include "runner/trace/internal.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <zlib.h>

/* Where the header's members begin. */
enum { VERSION_AT = 8, RECORD_AT = 12, COUNT_AT = 16, CRC_AT = 24 };

static uint64_t number_at(const char *bytes, size_t size)
{
	uint64_t number = 0;

	memcpy(&number, bytes, size);
	return le64toh(number);
}

/* crc32() takes at most 2^32 - 1 bytes at a time. */
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

/* -EINVAL. A binary trace has no lines, so a mistake is told by its byte, which
   a hex dump finds; both numbers say what is wrong with it. */
static int refuse(const char *file, size_t at, struct rm_error *error,
        const char *what, uint64_t found, uint64_t expected)
{
	return rm_error_set(error, -EINVAL,
	        "%s: byte %zu: %s %" PRIu64 ", expected %" PRIu64, file, at,
	        what, found, expected);
}

/* The number of records must be that of the file's length: a file that was cut
   or joined at a record's end would else be read as a shorter or longer one.
   Versions are equal or refused, because there is only one so far. */
static int check_header(const char *file, const char *bytes, size_t length,
        struct rm_error *error)
{
	uint64_t records;

	for (size_t i = 0; i < RM_TRACE_MAGIC_BYTES && i < length; i++)
		if (bytes[i] != RM_TRACE_MAGIC[i])
			return refuse(file, i, error,
			        "not a readmostly trace: magic has",
			        (unsigned char)bytes[i],
			        (unsigned char)RM_TRACE_MAGIC[i]);
	if (length < RM_TRACE_HEADER_BYTES)
		return refuse(file, length, error,
		        "the file ends within the header: bytes", length,
		        RM_TRACE_HEADER_BYTES);
	if (number_at(bytes + VERSION_AT, 4) != RM_TRACE_VERSION)
		return refuse(file, VERSION_AT, error, "version",
		        number_at(bytes + VERSION_AT, 4), RM_TRACE_VERSION);
	if (number_at(bytes + RECORD_AT, 4) != RM_TRACE_RECORD_BYTES)
		return refuse(file, RECORD_AT, error, "bytes of a record",
		        number_at(bytes + RECORD_AT, 4), RM_TRACE_RECORD_BYTES);
	records = (length - RM_TRACE_HEADER_BYTES) / RM_TRACE_RECORD_BYTES;
	if (number_at(bytes + COUNT_AT, 8) != records ||
	        (length - RM_TRACE_HEADER_BYTES) % RM_TRACE_RECORD_BYTES)
		return rm_error_set(error, -EINVAL,
		        "%s: byte %zu: the file ends after %" PRIu64
		        " whole records, expected %" PRIu64 " and no more",
		        file, length, records, number_at(bytes + COUNT_AT, 8));
	return 0;
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

int rm_trace_parse_binary(const char *file, const char *bytes, size_t length,
        struct rm_trace_building *building, struct rm_error *error)
{
	int failed = check_header(file, bytes, length, error);

	if (failed)
		return failed;
	/* before any record is believed: a flipped bit is a valid other key */
	if (sum_of(bytes, length) != number_at(bytes + CRC_AT, 4) ||
	        number_at(bytes + CRC_AT + 4, 4))
		return refuse(file, CRC_AT, error, "damaged: checksum is",
		        number_at(bytes + CRC_AT, 8), sum_of(bytes, length));
	for (size_t at = RM_TRACE_HEADER_BYTES; at < length;
	        at += RM_TRACE_RECORD_BYTES) {
		unsigned word = (unsigned char)bytes[at];
		const char *why;
		char key[RM_TRACE_DECIMAL_BYTES];

		if (word > RM_TRACE_HAS)
			return rm_error_set(error, -EINVAL,
			        "%s: byte %zu: operation %u, expected 0 get, "
			        "1 set, 2 del or 3 has",
			        file, at, word);
		failed = rm_trace_add(building, (enum rm_trace_word)word, key,
		        rm_trace_decimal(number_at(bytes + at + 1, 8), key),
		        &why);
		if (failed == -EINVAL)
			rm_error_set(error, failed, "%s: byte %zu: %s", file,
			        at, why);
		if (failed)
			return failed;
	}
	return 0;
}

/* The number that a key is, in its shortest form. */
static int number_of(const struct rm_trace *trace, uint64_t rank,
        uint64_t *number, struct rm_error *error)
{
	const struct rm_dictionary_key *key = &trace->dictionary.keys[rank];
	const char *bytes = trace->dictionary.bytes + key->at;
	char again[RM_TRACE_DECIMAL_BYTES];

	*number = 0;
	for (size_t i = 0; i < key->length && i < 20; i++)
		*number = 10 * *number + (uint64_t)(bytes[i] - '0');
	if (rm_trace_decimal(*number, again) == key->length &&
	        !memcmp(again, bytes, key->length))
		return 0;
	return rm_error_set(error, -EINVAL,
	        "the key \"%.*s\" is no number below 2^64, expected numbers "
	        "in the binary form",
	        (int)(key->length < 40 ? key->length : 40), bytes);
}

struct output {
	FILE *out;
	uLong sum;
	bool dry; /* only the sum */
};

/* The checksum stands before what it sums up, and `out` may be a pipe: all is
   made twice, first only for its sum. */
static void put(struct output *output, const char *bytes, size_t length)
{
	output->sum = crc32(output->sum, (const Bytef *)bytes, (uInt)length);
	if (!output->dry)
		fwrite(bytes, 1, length, output->out);
}

static int put_record(struct output *output, const struct rm_trace *trace,
        unsigned word, uint64_t rank, struct rm_error *error)
{
	char record[RM_TRACE_RECORD_BYTES] = { (char)word };
	uint64_t number;
	int failed = number_of(trace, rank, &number, error);

	number = htole64(number);
	memcpy(record + 1, &number, 8);
	if (!failed)
		put(output, record, sizeof(record));
	return failed;
}

static int put_all(struct output *output, const struct rm_trace *trace,
        const char *header, struct rm_error *error)
{
	int failed = 0;

	put(output, header, CRC_AT);
	if (!output->dry) /* of the round before, which only summed up */
		fwrite(header + CRC_AT, 1, 8, output->out);
	for (uint64_t i = 0; i < trace->present && !failed; i++)
		failed = put_record(output, trace, RM_TRACE_HAS, i, error);
	for (uint64_t i = 0; i < trace->count && !failed; i++)
		failed = put_record(output, trace,
		        rm_replay_operation(trace->entries[i]),
		        rm_replay_rank(trace->entries[i]), error);
	return failed;
}

int rm_trace_write_binary(
        FILE *out, const struct rm_trace *trace, struct rm_error *error)
{
	char header[RM_TRACE_HEADER_BYTES] = RM_TRACE_MAGIC;
	const uint32_t version = htole32(RM_TRACE_VERSION),
	               record = htole32(RM_TRACE_RECORD_BYTES);
	const uint64_t count = htole64(trace->present + trace->count);
	struct output output = { .out = out, .dry = true };
	uint32_t sum;
	int failed;

	memcpy(header + VERSION_AT, &version, 4);
	memcpy(header + RECORD_AT, &record, 4);
	memcpy(header + COUNT_AT, &count, 8);
	failed = put_all(&output, trace, header, error);
	if (failed)
		return failed;
	sum = htole32((uint32_t)output.sum);
	memcpy(header + CRC_AT, &sum, 4);
	output.dry = false;
	failed = put_all(&output, trace, header, error);
	if (!failed && ferror(out))
		failed = rm_error_set(error, -EIO, "%s", strerror(errno));
	return failed;
}
