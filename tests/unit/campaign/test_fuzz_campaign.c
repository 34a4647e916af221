/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_campaign.c - mutated campaign.json, trials.jsonl and --arms.
 * slow: seconds of CPU time; not part of `make check`.
 * fuzzes: runner/campaign/journal.c but set_system_error, sync_journal,
 *   open_lines, save_dropped, rm_journal_drop, rm_journal_find, write_line,
 *   rm_journal_append: they lock and write, and their errors are the system's
 *   (test_journal.c simulates them)
 * fuzzes: runner/campaign/validate.c but rm_validate, read_file: callers, and
 *   errors of the system
 * fuzzes: runner/campaign/validate_trials.c but rm_validate_trials: errors of
 *   the system
 * fuzzes: runner/campaign/problem.c
 * fuzzes: runner/plan/plan_json.c but cells_to_json, order_to_json,
 *   same_to_json: they write
 *
 * A result is sound if each problem is one line that names file and line. An
 * accepted journal reads back the same, and nothing is cut off twice. An
 * accepted plan is written and read back the same. The folder is a copy of
 * tests/fixtures/campaign/, a shortened real campaign.
 */
#include "runner/campaign/internal.h"
#include "tests/unit/fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SAMPLE "tests/fixtures/campaign/"
enum { TRIALS_MAX = 8 };

static const char *const words[] = { "null", "true", "0", "1", "2", "-1",
	"1e999", "{}", "[]", "\"\"", "\"x\"", "\"\\u0000\"", "\"\\u001b[2J\"",
	"\xff", "\n", ",", ":", "\"", "[[0]]", "[[2,1,0],[0]]", "[0,1]",
	"[[0,1,2],[2,1,0]]", "\"ok\"", "\"void\"", "\"failed\"", "\"skipped\"",
	"\"not started\"", "\"head\"", "\"base\"", "\"a reason\"",
	"\"attempt\":2,", "\"attempt\":1,", "\"block\":0,", "\"block\":1,",
	"\"arm\":\"base\",", "\"disturbed\":null,", "\"disturbed\":\"x\",",
	"\"result\":null,", "\"skip\":\"no\",", "\"blocks\":2,",
	"{\"most\":11}", "4294967296", "9007199254740993",
	"{\"id\":\"a\",\"as\":\"b\"}", "\"control_extra\":2,",
	"{\"name\":\"base\",\"workload\":null}",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL };

static const char *const trial_files[] = { SAMPLE "trials.jsonl", NULL };
static const char *const repeated_files[] = { SAMPLE "trials.jsonl",
	SAMPLE "trials.jsonl", NULL }; /* two of the five seeds are journals */
static const char *const trial_texts[] = {
	"{\"cell\":\"a\",\"block\":0,\"arm\":\"head\",\"status\":\"ok\"}\n"
	"{\"cell\":\"a\",\"block\":1,\"arm\":\"head\",\"status\":\"void\"}\n"
	"{\"cell\":\"a\",\"block\":1,\"arm\":\"head\",\"status\":\"ok\","
	"\"attempt\":2}\n{\"cell\":\"b\",\"block\":1,\"arm\":\"base\"}\n{\"ce",
	"", NULL
};
static const char *const campaign_files[] = { SAMPLE "campaign.json", NULL };

/* Contents of the fixture, which is read once. */
static struct {
	json_t *campaign;
	struct rm_plan plan;
	struct rm_arms arms;
	char trials[FUZZ_BYTES];
	const char *lines[TRIALS_MAX + 1]; /* each first attempt is a seed of
	                                      its own */
} sample;

/* Writes JSON indented as campaign.json. */
static const char *write_json(const char *name, const json_t *json)
{
	char *text = json_dumps(json, JSON_INDENT(2));
	const char *path = fuzz_file(name, text, strlen(text));

	free(text);
	return path;
}

/* True if a line, except a torn last one, has a duplicate member. */
static bool line_twice(const char *text, size_t length)
{
	const char *end;

	for (; (end = memchr(text, '\n', length));
	        length -= (size_t)(end + 1 - text), text = end + 1)
		if (fuzz_member_twice(text, (size_t)(end - text)))
			return true;
	return false;
}

/* Returns the number of bytes before the last line, which is cut off if it is
   damaged. */
static size_t before_last_line(const char *text, size_t length)
{
	if (length)
		length--;
	while (length && text[length - 1] != '\n')
		length--;
	return length;
}

static int count_trial(
        void *context, const json_t *trial, struct rm_error *error)
{
	(void)error;
	++*(size_t *)context;
	return json_is_object(trial) ? 0 : -EINVAL;
}

/* Checks the tally of the lines that belong to the sample's plan. */
static bool tally_is_sound(struct rm_journal *journal, char *why)
{
	struct rm_tally tally = { .plan = NULL };
	struct rm_error error = { "" };
	int failed = rm_tally_start(&tally, &sample.plan, &sample.arms, &error);

	if (!failed)
		failed = rm_journal_read(
		        journal, rm_tally_restore_line, &tally, &error);
	/* if a failure is repeated, both trials stay counted; none is lost */
	size_t lines = rm_journal_length(journal);
	size_t all = tally.ok + tally.voided + tally.failed + tally.skipped;
	bool sound = failed ? fuzz_is_line(error.text)
	                    : all <= lines && all + tally.repeated >= lines;

	snprintf(why, FUZZ_WHY, "tally: %s", error.text);
	rm_tally_clear(&tally);
	return sound;
}

/* Returns the keys of block 1. */
static json_t *keys_of_block_1(const json_t *attempts)
{
	json_t *keys = json_object(), *state;
	const char *key;

	json_object_foreach ((json_t *)attempts, key, state)
		if (strstr(key, " block 1 "))
			json_object_set(keys, key, state);
	return keys;
}

/* Checks that a second opening finds no torn line and the same attempts, also
   after block 1 and all later lines were dropped. */
static bool reopens(const char *dir, const json_t *attempts, char *why)
{
	struct rm_journal *journal = NULL;
	json_t *keys = keys_of_block_1(attempts);
	struct rm_error error = { "" };
	size_t torn = 1, dropped = 0, kept = 0;
	bool sound = !rm_journal_open(dir, &journal, &torn, &error) && !torn &&
	             json_equal(attempts, rm_journal_attempts(journal)) &&
	             !rm_journal_drop(journal, keys, &dropped, &error) &&
	             rm_journal_length(journal) + dropped ==
	                     json_object_size(attempts) &&
	             !rm_journal_read(journal, count_trial, &kept, &error) &&
	             kept == rm_journal_length(journal);

	json_decref(keys);
	rm_journal_close(journal);
	if (!sound)
		snprintf(why, FUZZ_WHY, "not the same again: %s", error.text);
	return sound;
}

/* Gives seven of eight inputs valid checksums, since inputs without them are
   rejected unread. */
static void seal_lines(struct fuzz_input *input)
{
	static char sealed[FUZZ_BYTES];
	const char *text = input->text, *end;
	const char *limit = input->text + input->length;
	size_t used = 0;

	if (!fuzz_below(input, 8))
		return;
	for (; (end = memchr(text, '\n', (size_t)(limit - text)));
	        text = end + 1) {
		size_t size = (size_t)(end - text);
		char sum[RM_CRC32_TEXT] = "";

		if (used + size + 32 + (size_t)(limit - end) > sizeof(sealed))
			return;
		memcpy(sealed + used, text, size);
		used += size;
		if (size > 1 && end[-1] == '}') {
			rm_crc32(text, --size, sum);
			used += (size_t)sprintf(sealed + used - 1,
			                ",\"crc32\":\"%s\"}", sum) -
			        1;
		}
		sealed[used++] = '\n';
	}
	/* the last line is torn */
	memcpy(sealed + used, text, (size_t)(limit - text));
	input->length = used + (size_t)(limit - text);
	memcpy(input->text, sealed, input->length);
}

static enum fuzz_verdict judge_journal(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	const char *file = fuzz_file("journal/trials.jsonl", text, length);
	char dir[256];
	struct rm_journal *journal = NULL;
	struct rm_error error = { "" };
	size_t torn = 0, count = 0;

	(void)input;
	snprintf(dir, sizeof(dir), "%s", fuzz_path("journal"));
	if (rm_journal_open(dir, &journal, &torn, &error)) {
		snprintf(why, FUZZ_WHY, "%s", error.text);
		return strncmp(why, file, strlen(file)) ? FUZZ_UNSOUND
		                                        : FUZZ_REFUSED;
	}
	json_t *attempts = json_deep_copy(rm_journal_attempts(journal));
	bool sound = !rm_journal_read(journal, count_trial, &count, &error) &&
	             count == rm_journal_length(journal) && torn <= length &&
	             !line_twice(text, before_last_line(text, length)) &&
	             tally_is_sound(journal, why);

	rm_journal_close(journal);
	sound = sound && reopens(dir, attempts, why);
	json_decref(attempts);
	return sound ? FUZZ_TAKEN : FUZZ_UNSOUND;
}

struct report {
	char *why;
	bool unsound;
};

static void record_problem(void *context, const char *problem)
{
	struct report *report = context;
	const char *dir = fuzz_path("campaign/");

	snprintf(report->why, FUZZ_WHY, "%.600s", problem);
	report->unsound |= !fuzz_is_line(problem) ||
	                   strncmp(problem, dir, strlen(dir)) ||
	                   !strpbrk(problem + strlen(dir), ":");
}

static struct rm_validation validation_of(struct report *report)
{
	static char dir[256];

	snprintf(dir, sizeof(dir), "%s", fuzz_path("campaign"));
	return (struct rm_validation){
		.dir = dir, .report = record_problem, .context = report
	};
}

static enum fuzz_verdict verdict_of(
        const struct rm_validation *validation, const struct report *report)
{
	if (report->unsound)
		return FUZZ_UNSOUND;
	return validation->problems ? FUZZ_REFUSED : FUZZ_TAKEN;
}

static enum fuzz_verdict judge_trials(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	struct report report = { .why = why };
	struct rm_validation validation = validation_of(&report);
	struct rm_error error = { "" };

	(void)input;
	fuzz_file("campaign/trials.jsonl", text, length);
	if (rm_validate_trials(&validation, &sample.plan, &sample.arms, &error))
		return FUZZ_UNSOUND;
	if (!validation.problems && line_twice(text, length))
		return FUZZ_UNSOUND;
	return verdict_of(&validation, &report);
}

/* Gives half of the inputs valid hashes, so that later checks run as well. */
static void repair(json_t *json)
{
	char hash[RM_SHA256_TEXT];
	size_t i;
	json_t *workload;

	json_array_foreach (json_object_get(json, "workloads"), i, workload) {
		const char *text =
		        json_string_value(json_object_get(workload, "text"));

		if (!text)
			continue;
		rm_sha256(text, strlen(text), hash);
		json_object_set_new(workload, "sha256", json_string(hash));
	}
	if (!rm_plan_hash(json, hash))
		json_object_set_new(json, "plan_sha256", json_string(hash));
	if (!rm_campaign_hash(json, hash))
		json_object_set_new(json, "sha256", json_string(hash));
}

/* Cells and arms are found by name, so one of two with the same name would be
   lost. */
static bool names_are_unique(
        const struct rm_plan *plan, const struct rm_arms *arms)
{
	for (size_t i = 0; i < plan->cell_count; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(plan->cells[i].cell.id,
			            plan->cells[j].cell.id))
				return false;
	for (size_t i = 0; i < arms->count; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(arms->list[i].name, arms->list[j].name) &&
			        !strcmp(arms->list[i].workload,
			                arms->list[j].workload))
				return false;
	return true;
}

/* True if `all` contains everything in `part`. An absent member equals null, 0
   equals 0.0, and unknown members are ignored. */
static bool holds_all(const json_t *all, const json_t *part)
{
	const char *name;
	json_t *value;
	size_t i;

	if (json_is_null(part) && !all)
		return true;
	if (json_is_number(part) && json_is_number(all))
		return json_number_value(part) == json_number_value(all);
	if (json_is_array(part) &&
	        json_array_size(part) != json_array_size(all))
		return false;
	json_array_foreach (part, i, value) {
		if (!holds_all(json_array_get(all, i), value))
			return false;
	}
	json_object_foreach ((json_t *)part, name, value) {
		if (!holds_all(json_object_get(all, name), value))
			return false;
	}
	return json_is_array(part) || json_is_object(part) ||
	       json_equal(all, part);
}

/* Checks that plan and arms are the same after they were written and read. */
static bool writes_the_same(const json_t *json, const struct rm_plan *plan,
        const struct rm_arms *arms, char *why)
{
	struct rm_plan second_plan = { 0 };
	struct rm_error error = { "" };
	json_t *first = rm_plan_to_json(plan), *second = NULL;
	json_t *list = rm_arms_to_json(arms);

	if (first && !rm_plan_from_json(first, &second_plan, &error))
		second = rm_plan_to_json(&second_plan);
	bool plans = second && json_equal(first, second);
	bool lists = holds_all(json_object_get(json, "arms"), list);

	/* older files request no repeats */
	for (size_t i = 0; i < plan->cell_count; i++)
		if (!json_object_get(
		            json_array_get(json_object_get(json, "cells"), i),
		            "repeat"))
			json_object_del(
			        json_array_get(
			                json_object_get(first, "cells"), i),
			        "repeat");
	/* sums are not compared, since they are computed again */
	json_object_del(first, "estimate_ns");
	json_object_del(first, "memory_bytes");
	plans = plans && holds_all(json, first);
	bool unique = names_are_unique(plan, arms);

	snprintf(why, FUZZ_WHY, "plan %d, arms %d, unique %d: %s", plans, lists,
	        unique, error.text);
	json_decref(first);
	json_decref(second);
	json_decref(list);
	rm_plan_free(&second_plan);
	return plans && lists && unique;
}

/* Reads the plan as a resume. Returns -1 if it is rejected, 0 if it is sound,
   and 1 if it is unsound. */
static int resume_plan(const json_t *json, char *why)
{
	struct rm_plan plan = { 0 };
	struct rm_arms arms = { 0 };
	struct rm_error error = { "" };
	int result = -1;

	if (!rm_plan_from_json(json, &plan, &error) &&
	        !rm_arms_from_json(json, &arms, &error))
		result = !writes_the_same(json, &plan, &arms, why);
	rm_plan_free(&plan);
	rm_arms_clear(&arms);
	return result;
}

/* Reads the folder's campaign.json and frees it like its owner. */
static bool reads_folder(const json_t *now, char *why)
{
	struct rm_description description = {
		.machine = json_object_get(now, "machine"),
		.build = json_object_get(now, "build"),
		.wish = "none",
	};
	struct rm_error error = { "" };
	json_t *read = NULL;
	uint64_t seed = 7;
	int failed = rm_folder_campaign(fuzz_path("campaign"), &read, &error);

	if (!failed)
		rm_describe_compare(read, &description, &seed, &error);
	snprintf(why, FUZZ_WHY, "%s", error.text);
	json_decref(read);
	return !failed || fuzz_is_line(error.text);
}

static enum fuzz_verdict judge_campaign(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	struct report report = { .why = why };
	struct rm_validation validation = validation_of(&report);
	struct rm_plan plan = { 0 };
	struct rm_arms arms = { 0 };
	struct rm_error error = { "" };
	json_error_t fault;
	json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &fault);
	bool duplicate =
	        !json && json_error_code(&fault) == json_error_duplicate_key;
	int resumed = json ? resume_plan(json, why) : -1;

	if (json_is_object(json) && fuzz_below(input, 2)) {
		repair(json);
		write_json("campaign/campaign.json", json);
	} else {
		fuzz_file("campaign/campaign.json", text, length);
	}
	json_decref(json);
	if (resumed > 0 || !reads_folder(sample.campaign, why) ||
	        rm_validate_campaign(&validation, &plan, &arms, &error) < 0)
		return FUZZ_UNSOUND;
	rm_plan_free(&plan);
	rm_arms_clear(&arms);
	if (duplicate && !validation.problems)
		return FUZZ_UNSOUND;
	return verdict_of(&validation, &report);
}

static const char *const arm_words[] = { ",", "=", ":", "+", "%", "/bin/true",
	"base", "head", "w:", "+2%", "+nan%", "+-1%", "+101%", "+0x10%",
	"+1e1%", "+inf%", "A", "abcdefghijklmnopq", "a-b", "a=b,", "a=b+5%", "",
	NULL };
static const char *const arm_texts[] = { "base=/bin/true,head=/bin/false",
	"w:base=a,head=b+2%", "a=b+100%,c=d+0%,e=f+x", NULL };

static enum fuzz_verdict judge_arms(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	struct rm_arms arms = { 0 };
	struct rm_error error = { "" };
	char *copy = strndup(text, length);
	int failed = rm_arms_parse(&arms, copy, &error);
	bool sound = !failed || fuzz_is_line(error.text);

	(void)input;
	snprintf(why, FUZZ_WHY, "%s", error.text);
	for (size_t i = 0; i < arms.count && !failed; i++)
		sound = sound && arms.list[i].control_extra >= 0 &&
		        arms.list[i].control_extra <= 1 &&
		        arms.list[i].name[0] && arms.list[i].program[0];
	free(copy);
	rm_arms_clear(&arms);
	return !sound ? FUZZ_UNSOUND : failed ? FUZZ_REFUSED : FUZZ_TAKEN;
}

/* A journal of a single line is read faster, and more mutations hit that line.
   Later attempts need the earlier ones, which are in the file; without them no
   journal would be accepted. */
static bool split_trials(void)
{
	FILE *in = fopen(SAMPLE "trials.jsonl", "r");
	char *next = sample.trials;
	size_t count = 0, left = sizeof(sample.trials);

	while (in && count < TRIALS_MAX && fgets(next, (int)left, in)) {
		size_t used = strlen(next) + 1;

		if (!strstr(next, "\"attempt\":1,"))
			continue;
		sample.lines[count++] = next;
		next += used;
		left -= used;
	}
	if (in)
		fclose(in);
	return count > 1;
}

static void read_sample(void)
{
	struct rm_error error = { "" };
	FILE *xml = fopen(SAMPLE "topology.xml", "r");
	char text[8192];
	size_t length = xml ? fread(text, 1, sizeof(text), xml) : 0;

	sample.campaign = json_load_file(SAMPLE "campaign.json", 0, NULL);
	CHECK(length && split_trials() &&
	                !rm_plan_from_json(
	                        sample.campaign, &sample.plan, &error) &&
	                !rm_arms_from_json(
	                        sample.campaign, &sample.arms, &error),
	        "the sample can be read");
	if (xml)
		fclose(xml);
	fuzz_file("campaign/topology.xml", text, length);
	write_json("campaign/campaign.json", sample.campaign);
	for (char name[] = "campaign/histograms/0.hlog"; name[20] < '4';
	        name[20]++)
		fuzz_file(name, "", 0);
}

int main(void)
{
	static const struct fuzz_parser journal = { .name = "journal",
		.words = words,
		.files = trial_files,
		.texts = trial_texts,
		.prepare = seal_lines,
		.judge = judge_journal };
	static const struct fuzz_parser trials = { .name = "trials, validated",
		.words = words,
		.files = repeated_files,
		.texts = sample.lines,
		.judge = judge_trials };
	static const struct fuzz_parser campaign = { .name = "campaign.json",
		.words = words,
		.files = campaign_files,
		.judge = judge_campaign };
	static const struct fuzz_parser arms = { .name = "--arms",
		.words = arm_words,
		.texts = arm_texts,
		.judge = judge_arms };

	read_sample();
	fuzz_check(&arms, 20000);
	fuzz_check(&journal, 4000);
	fuzz_check(&trials, 2000);
	fuzz_check(&campaign, 2000);
	json_decref(sample.campaign);
	rm_plan_free(&sample.plan);
	rm_arms_clear(&sample.arms);
	return DONE();
}
