/* SPDX-License-Identifier: Apache-2.0 */
/* histogram_log.c - writes HdrHistogram's log format: a V2 payload in
   base64. */
#include "runner/protocol/protocol.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	HEADER_BYTES = 40,
	COUNT_BYTES = 9, /* maximum size of a count in bytes */
	OUTER_BYTES = 8,
};
/* Cookies of the V2 encoding, plain and compressed; 0x10 means word size 1. */
static const uint32_t cookie = 0x1c849303 | 0x10;
static const uint32_t cookie_compressed = 0x1c849304 | 0x10;

static const double ns_per_ms = 1e6;

int rm_histogram_from_json(const json_t *buckets,
        struct rm_histogram **histogram, struct rm_error *error)
{
	struct rm_histogram *made = rm_histogram_create();
	json_int_t last = -1;

	if (!made)
		return rm_error_set(error, -ENOMEM, "no memory");
	for (size_t i = 0; i < json_array_size(buckets); i++) {
		const json_t *bucket = json_array_get(buckets, i);
		const json_t *at = json_array_get(bucket, 0);
		const json_t *bucket_count = json_array_get(bucket, 1);
		json_int_t index = json_integer_value(at);
		json_int_t count = json_integer_value(bucket_count);

		if (json_array_size(bucket) != 2 || !json_is_integer(at) ||
		        !json_is_integer(bucket_count) || index <= last ||
		        index >= RM_HISTOGRAM_LENGTH || count <= 0) {
			free(made);
			return rm_error_set(error, -EINVAL,
			        "bucket %zu is wrong, expected [index, count] "
			        "with rising indexes below %d",
			        i, RM_HISTOGRAM_LENGTH);
		}
		last = index;
		rm_histogram_add(made, (unsigned)index, (uint64_t)count);
	}
	*histogram = made;
	return 0;
}

static unsigned char *put_big_endian(
        unsigned char *to, uint64_t value, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0;)
		*to++ = (unsigned char)(value >> (8 * i));
	return to;
}

/* Writes a number in ZigZag encoding, with 7 bits per byte. The ninth byte has
   8 bits. */
static unsigned char *put_count(unsigned char *to, int64_t count)
{
	uint64_t left = ((uint64_t)count << 1) ^ (uint64_t)(count >> 63);

	for (int i = 0; i < COUNT_BYTES - 1; i++) {
		if (left < 128) {
			*to++ = (unsigned char)left;
			return to;
		}
		*to++ = (unsigned char)(left | 128);
		left >>= 7;
	}
	*to++ = (unsigned char)left;
	return to;
}

/* Writes the counts up to the last nonzero count. A run of zeros is written as
   its negative length. */
static unsigned char *put_counts(
        unsigned char *to, const struct rm_histogram *histogram)
{
	unsigned end = RM_HISTOGRAM_LENGTH;
	int64_t zeros = 0;

	while (end && !histogram->counts[end - 1])
		end--;
	for (unsigned i = 0; i < end; i++) {
		if (!histogram->counts[i]) {
			zeros++;
			continue;
		}
		if (zeros)
			to = put_count(to, zeros > 1 ? -zeros : 0);
		zeros = 0;
		to = put_count(to, (int64_t)histogram->counts[i]);
	}
	return to;
}

/* Writes the V2 encoding into `to`, which has enough space. Returns its
   size. */
static size_t encode(unsigned char *to, const struct rm_histogram *histogram)
{
	const double ratio = 1; /* integer to double conversion */
	uint64_t ratio_bits;
	unsigned char *counts = to + HEADER_BYTES;
	size_t size = (size_t)(put_counts(counts, histogram) - counts);

	memcpy(&ratio_bits, &ratio, sizeof(ratio_bits));
	to = put_big_endian(to, cookie, 4);
	to = put_big_endian(to, size, 4);
	to = put_big_endian(to, 0, 4); /* normalizing index offset */
	to = put_big_endian(to, RM_HISTOGRAM_DIGITS, 4);
	to = put_big_endian(to, 1, 8); /* lowest discernible value */
	to = put_big_endian(to, RM_HISTOGRAM_MAX_NS, 8);
	put_big_endian(to, ratio_bits, 8);
	return HEADER_BYTES + size;
}

static void print_base64(FILE *out, const unsigned char *bytes, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                             "abcdefghijklmnopqrstuvwxyz"
	                             "0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t group = (uint32_t)bytes[i] << 16 |
		                 (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
		                 (left > 2 ? bytes[i + 2] : 0);

		fputc(digits[group >> 18], out);
		fputc(digits[group >> 12 & 63], out);
		fputc(left > 1 ? digits[group >> 6 & 63] : '=', out);
		fputc(left > 2 ? digits[group & 63] : '=', out);
	}
}

/* Prints the compressed payload; returns false if memory runs out. */
static bool print_payload(FILE *out, const struct rm_histogram *histogram)
{
	size_t capacity =
	        HEADER_BYTES + (size_t)COUNT_BYTES * RM_HISTOGRAM_LENGTH;
	uLong packed_bytes = compressBound(capacity);
	unsigned char *plain = malloc(capacity);
	unsigned char *packed = malloc(OUTER_BYTES + packed_bytes);
	bool done = false;

	if (plain && packed &&
	        compress2(packed + OUTER_BYTES, &packed_bytes, plain,
	                encode(plain, histogram),
	                Z_DEFAULT_COMPRESSION) == Z_OK) {
		put_big_endian(packed, cookie_compressed, 4);
		put_big_endian(packed + 4, packed_bytes, 4);
		print_base64(out, packed, OUTER_BYTES + packed_bytes);
		done = true;
	}
	free(plain);
	free(packed);
	return done;
}

char *rm_histogram_hlog(const struct rm_histogram *histogram, double start_s,
        double length_s, const char *tag)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "#[Histogram log format version 1.3]\n");
	fprintf(out, "#[StartTime: %.3f (seconds since epoch)]\n", start_s);
	fprintf(out, "\"StartTimestamp\",\"Interval_Length\","
	             "\"Interval_Max\",\"Interval_Compressed_Histogram\"\n");
	fprintf(out, "Tag=%s,%.3f,%.3f,%.3f,", tag, 0.0, length_s,
	        (double)histogram->max_ns / ns_per_ms);
	bool done = print_payload(out, histogram);

	fputc('\n', out);
	if (fclose(out) || !done) {
		free(text);
		return NULL;
	}
	return text;
}
