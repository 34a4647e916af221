/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_history.c - the readers of histories on mutated and random input.
 * side by side: computes, measures no time.
 * slow: over five seconds of CPU time; not part of `make check`.
 *
 * Sound means: a refusal has one line that names the place, and what is
 * accepted is written, read again and written to the same text, and judged.
 * Always built with the address and undefined sanitizers (tests/history.mk).
 */
#include "runner/history/internal.h"
#include "tests/unit/fuzz.h"
#include "tests/unit/tap.h"

#include <errno.h>

static const char *const words[] = { "{\"format\":\"readmostly-history\","
	                             "\"version\":1,\"guarantee\":\"none\"}\n",
	"{\"thread\":0,\"op\":\"lookup\",\"key\":1,\"invoked\":1,\"returned\":"
	"2,\"there\":false}\n",
	"\"point-in-time\"", "\"scan\"", "\"pairs\":", "[[1,2]]", "[]", "{}",
	"null", "true", "-1", "18446744073709551615",
	"\"18446744073709551616\"", "9223372036854775808", "1e3", "\"\\u0000\"",
	"\xff", "\n", ",", ":", "[", "]", "{", "}", "(", "#{", "#_", "#x ",
	"\"", "\\", ";", "{:type :invoke, :f :read, :value nil, :process 0}\n",
	"{:type :ok, :f :read, :value 1, :process 0}\n", ":invoke", ":ok",
	":fail", ":info", ":cas", ":append", "[1 2]", "[\"k\" [1 2]]", "nil",
	":key \"a\"", ":process 1", "-7", "99999999999999999999N",
	"INFO  jepsen.util - 0\t:invoke\t:read\tnil\n",
	"INFO  jepsen.util - 0\t:ok\t:read\t3\n", "jepsen.util - ", "\t" };

static const char *const files[] = { "good.jsonl", "stale.jsonl",
	"torn_scan.jsonl", "register_good.edn", "keys_bad.edn", "kv_good.txt",
	"kv_bad.txt", "etcd_good.log", "etcd_bad.log" };

enum {
	WORDS = sizeof(words) / sizeof(words[0]),
	FILES = sizeof(files) / sizeof(files[0])
};

/* The history as JSON lines; NULL: it cannot be written. */
static char *written(const struct rm_history *history, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	int failed = rm_history_write(out, history);

	fclose(out);
	if (!failed)
		return text;
	free(text);
	return NULL;
}

static bool reads_back(const struct rm_history *history)
{
	struct rm_history again = { .seed = 0 };
	struct rm_error error = { "" };
	size_t length = 0, length_again = 0;
	char *text = written(history, &length), *second = NULL;
	bool same = text && !rm_history_read("again", text, length,
	                            RM_HISTORY_JSONL, &again, &error);

	if (same)
		second = written(&again, &length_again);
	same = second && length == length_again &&
	       !memcmp(text, second, length);
	if (!same)
		printf("# %s\n# %s\n# %s\n", error.text, text, second);
	free(text);
	free(second);
	rm_history_clear(&again);
	return same;
}

/* Judging must end; what is broken must have a time line. */
static bool judges(const struct rm_history *history)
{
	struct rm_history_limits limits = { 2000, 1 << 20, false };
	struct rm_history_judgement judgement = { .states = 0 };
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	bool fine = !rm_history_judge(history, &limits, &judgement, NULL);

	if (fine && judgement.verdict == RM_HISTORY_BROKEN)
		fine = !rm_history_explain(out, &judgement) &&
		       judgement.smallest.count > 0;
	fclose(out);
	free(text);
	rm_history_judgement_clear(&judgement);
	return fine;
}

static bool sound(struct fuzz *fuzz)
{
	/* a block of its own size, so that a byte too far is seen */
	char *exact = malloc(fuzz->length + !fuzz->length);
	struct rm_history history = { .seed = 0 };
	struct rm_error error = { "" };
	enum rm_history_format format = RM_HISTORY_DETECT;
	bool ok;

	memcpy(exact, fuzz->input, fuzz->length);
	if (fuzz_below(fuzz, 4) == 0)
		format = (enum rm_history_format)fuzz_below(
		        fuzz, RM_HISTORY_FORMATS);
	int failed = rm_history_read(
	        "fuzz", exact, fuzz->length, format, &history, &error);

	if (failed)
		ok = failed == -EINVAL && !strncmp(error.text, "fuzz:", 5) &&
		     error.text[5] >= '1' && error.text[5] <= '9' &&
		     !strchr(error.text, '\n');
	else
		ok = !error.text[0] && reads_back(&history) && judges(&history);
	fuzz_judged(fuzz, failed, error.text, ok);
	rm_history_clear(&history);
	free(exact);
	return ok;
}

int main(void)
{
	static struct fuzz fuzz;
	uint64_t inputs = fuzz_environment("FUZZ_INPUTS", 1000000);
	uint64_t unsound = 0;
	char file[64];

	fuzz.rng = rm_seed(fuzz_environment("FUZZ_SEED", 1), 0);
	fuzz.words = words;
	fuzz.word_count = WORDS;
	for (size_t i = 0; i < FILES; i++) {
		snprintf(file, sizeof(file), "tests/fixtures/histories/%s",
		        files[i]);
		fuzz_load(&fuzz, file);
	}
	for (uint64_t i = 0; i < inputs && unsound < 5; i++) {
		fuzz_make_input(&fuzz);
		unsound += !sound(&fuzz);
	}
	printf("# %zu accepted, %zu refused\n", fuzz.accepted, fuzz.refused);
	CHECK(unsound == 0, "every input is refused in one line or reads back");
	CHECK(fuzz.accepted * 100 > inputs && fuzz.refused * 10 > inputs,
	        "inputs reach both ends of the readers");
	fuzz_free(&fuzz);
	return DONE();
}
