/* SPDX-License-Identifier: Apache-2.0 */
/* arms.c - reads, checks, writes and orders the sets of arms. */
#include "runner/campaign/internal.h"

#include "runner/base/file.h"
#include "runner/base/host.h"
#include "runner/base/rng.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Number of a random stream, derived from the trial's seed. It orders the arms.
   Streams from 77 on draw their padding (campaign.c). */
enum { SLOT_STREAM = 76 };

#define HEAD    "head" /* arm of a campaign without --arms */
#define CONTROL "aa"   /* its A/A control arm */

static const char expected[] = "expected [WORKLOAD:]NAME=FILE[+SHARE%],...: "
                               "commas separate arms, and WORKLOAD: precedes "
                               "the first one only, as in "
                               "base=old/maps,head=new/maps";

static bool is_name(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!islower((unsigned char)text[i]) &&
		        !isdigit((unsigned char)text[i]) && text[i] != '-')
			return false;
	return length > 0 && length < RM_ARM_NAME_BYTES;
}

/* Removes "+SHARE%" from the end of a path and stores SHARE, 0 to 1, in *share.
   If the text after the last '+' has a different form, it belongs to the file
   name, and *share is 0. */
static void split_share(char *path, double *share)
{
	char *plus = strrchr(path, '+'), *end;

	*share = 0;
	if (!plus)
		return;
	double percent = strtod(plus + 1, &end);

	/* Written so that NaN is rejected, too. */
	if (end == plus + 1 || strcmp(end, "%") ||
	        !(percent >= 0 && percent <= 100))
		return;
	*share = percent / 100;
	*plus = '\0';
}

/* Adds one NAME=FILE to the set that begins at `first`. Counts the arm as soon
   as it owns its path, which rm_arms_clear() frees after an error. */
static int add_arm(struct rm_arms *arms, const char *workload, size_t first,
        const char *text, size_t length, struct rm_error *error)
{
	const char *equals = memchr(text, '=', length);
	size_t name = equals ? (size_t)(equals - text) : 0;

	if (name && !is_name(text, name))
		return rm_error_set(error, -EINVAL,
		        "--arms: the name \"%.*s\", expected at most %d "
		        "characters: a-z (no capital letters), 0-9 and -",
		        (int)name, text, RM_ARM_NAME_BYTES - 1);
	if (!name || name + 1 == length)
		return rm_error_set(error, -EINVAL, "--arms %.*s: %s",
		        (int)length, text, expected);
	if (arms->count == RM_ARMS_MAX)
		return rm_error_set(error, -EINVAL,
		        "--arms: expected at most %d arms", RM_ARMS_MAX);
	struct rm_arm *arm = &arms->list[arms->count];

	memset(arm, 0, sizeof(*arm));
	memcpy(arm->name, text, name);
	strcpy(arm->workload, workload);
	for (size_t i = first; i < arms->count; i++)
		if (!strcmp(arms->list[i].name, arm->name))
			return rm_error_set(error, -EINVAL,
			        "--arms: two arms are called %s, expected "
			        "different names",
			        arm->name);
	arm->program = strndup(equals + 1, length - name - 1);
	if (!arm->program)
		return rm_error_set(error, -ENOMEM, "no memory");
	arms->count++;
	split_share(arm->program, &arm->control_extra);
	if (!arm->program[0])
		return rm_error_set(error, -EINVAL,
		        "--arms: arm %s has a share and no file, expected "
		        "NAME=FILE+SHARE%%",
		        arm->name);
	return 0;
}

int rm_arms_parse(
        struct rm_arms *arms, const char *text, struct rm_error *error)
{
	size_t first = arms->count;
	size_t colon = strcspn(text, ":=,");
	rm_name workload = "";

	if (text[colon] == ':') {
		if (colon == 0 || colon >= sizeof(workload))
			return rm_error_set(error, -EINVAL, "--arms %.80s: %s",
			        text, expected);
		memcpy(workload, text, colon);
		text += colon + 1;
	}
	for (size_t i = 0; i < first; i++)
		if (!strcmp(arms->list[i].workload, workload))
			return rm_error_set(error, -EINVAL,
			        "--arms: two sets for %s, expected one",
			        workload[0] ? workload
			                    : "workloads without a set");
	for (;;) {
		size_t length = strcspn(text, ",");
		int result =
		        add_arm(arms, workload, first, text, length, error);

		if (result || !text[length])
			return result;
		text += length + 1;
	}
}

void rm_arms_default(struct rm_arms *arms, const char *sha256)
{
	struct rm_arm *arm = &arms->list[0];

	*arm = (struct rm_arm){ .name = HEAD };
	snprintf(arm->sha256, sizeof(arm->sha256), "%s", sha256 ? sha256 : "");
	arms->count = 1;
}

void rm_arms_add_control(struct rm_arms *arms)
{
	arms->list[arms->count++] = (struct rm_arm){ .name = CONTROL,
		.flavour = RM_FLAVOUR_CONTROL };
}

bool rm_arms_are_given(const struct rm_arms *arms)
{
	return arms->count && arms->list[0].program;
}

static bool is_folder(const char *path)
{
	struct stat file;

	return !stat(path, &file) && S_ISDIR(file.st_mode);
}

/* Makes the arm's path absolute. Hashes the file if it is a program. */
static int find_program(struct rm_arm *arm, struct rm_error *error)
{
	struct rm_error why = { 0 };
	const char *share = strrchr(arm->program, '+');
	int result = 0;

	arm->is_folder = is_folder(arm->program);
	if (!arm->is_folder)
		result = rm_sha256_file(arm->program, arm->sha256, &why);
	if (result && share && share[strlen(share) - 1] == '%')
		return rm_error_set(error, result,
		        "arm %s: the share \"%.40s\", expected +0%% to +100%%, "
		        "e.g. +2%%",
		        arm->name, share);
	if (result)
		return rm_error_set(error, result,
		        "arm %s: %.300s, expected a map program or a folder "
		        "of them: `make` builds build/gcc/maps",
		        arm->name, why.text);
	char *absolute = realpath(arm->program, NULL);

	if (!absolute)
		return rm_error_set(error, -errno, "arm %s: %.200s: %s",
		        arm->name, arm->program, strerror(errno));
	free(arm->program);
	arm->program = absolute;
	return 0;
}

static bool is_workload(
        const char *name, const struct rm_workload *workloads, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(workloads[i].name, name))
			return true;
	return false;
}

/* Rejects two arms of the same file. Their processes would share its pages in
   memory, so their difference would be noise. */
static int check_different_files(
        const struct rm_arm *a, const struct rm_arm *b, struct rm_error *error)
{
	struct stat one, other;

	if (strcmp(a->workload, b->workload) ||
	        a->control_extra != b->control_extra ||
	        stat(a->program, &one) || stat(b->program, &other) ||
	        one.st_dev != other.st_dev || one.st_ino != other.st_ino)
		return 0;
	return rm_error_set(error, -EINVAL,
	        "arms %s and %s are one file, %.200s: use two files or copies",
	        a->name, b->name, a->program);
}

static bool has_arms(const struct rm_arms *arms, const char *workload)
{
	struct rm_cell cell = { .skip = "" };

	snprintf(cell.workload, sizeof(cell.workload), "%s", workload);
	return rm_arms_find_set(arms, &cell).count > 0;
}

int rm_arms_resolve(struct rm_arms *arms, const struct rm_workload *workloads,
        size_t workload_count, struct rm_error *error)
{
	for (size_t i = 0; i < arms->count; i++) {
		struct rm_arm *arm = &arms->list[i];
		int result = find_program(arm, error);

		for (size_t j = 0; j < i && !result; j++)
			result = check_different_files(
			        &arms->list[j], arm, error);
		if (result)
			return result;
		if (workload_count && arm->workload[0] &&
		        !is_workload(arm->workload, workloads, workload_count))
			return rm_error_set(error, -EINVAL,
			        "--arms %s: no such workload in this campaign, "
			        "expected e.g. %s (`readmostly plan` lists "
			        "all)",
			        arm->workload, workloads[0].name);
	}
	for (size_t i = 0; i < workload_count; i++)
		if (!has_arms(arms, workloads[i].name))
			return rm_error_set(error, -EINVAL,
			        "--arms: the workload %s has no arms, "
			        "expected --arms %s:NAME=FILE,...",
			        workloads[i].name, workloads[i].name);
	return 0;
}

int rm_arms_check_programs(const struct rm_arms *arms, struct rm_error *error)
{
	for (size_t i = 0; i < arms->count; i++) {
		const struct rm_arm *arm = &arms->list[i];
		char plain[RM_PATH_BYTES];
		int result = arm->is_folder ? rm_path_join(plain, arm->program,
		                                      "plain", error)
		                            : rm_program_check(arm->program);

		if (arm->is_folder && !result && access(plain, F_OK))
			result = -ENOENT;
		if (result)
			return rm_error_set(error, -EINVAL,
			        "arm %s: %.300s: %s, expected a map program or "
			        "the folder above `plain`, such as "
			        "build/gcc/maps, which `make` builds",
			        arm->name, arm->program,
			        arm->is_folder ? "it contains no folder plain"
			        : result == -EACCES ? "not executable"
			                            : "no complete program");
	}
	return 0;
}

const char *rm_arm_flavour(const struct rm_arm *arm, const struct rm_cell *cell)
{
	return arm->flavour[0] ? arm->flavour : rm_cell_flavour(cell);
}

const char *rm_arm_program_name(const struct rm_arm *arm,
        const struct rm_cell *cell, char name[RM_ARM_PROGRAM_BYTES])
{
	snprintf(name, RM_ARM_PROGRAM_BYTES, "%s/%s", rm_arm_flavour(arm, cell),
	        cell->map);
	return name;
}

/* Adds the program that the arm runs for a cell to its list of programs. */
static void add_program(struct rm_arm *arm, const struct rm_plan_cell *planned)
{
	const struct rm_cell *cell = &planned->cell;
	char path[RM_PROGRAM_BYTES], name[RM_ARM_PROGRAM_BYTES];
	char hash[RM_SHA256_TEXT];
	struct rm_error why;

	if ((cell->skip[0] && !planned->waits) ||
	        json_object_get(
	                arm->programs, rm_arm_program_name(arm, cell, name)))
		return;
	json_object_set_new(arm->programs, name,
	        rm_sha256_file(rm_arm_program(arm, cell, path), hash, &why)
	                ? json_null()
	                : json_string(hash));
}

/* Computes the sha256 of an arm that is a folder, from the hashes of its
   programs. Returns 0 or -ENOMEM. */
static int hash_programs(struct rm_arm *arm)
{
	char *text = json_dumps(arm->programs, JSON_COMPACT | JSON_SORT_KEYS);

	if (!text)
		return -ENOMEM;
	rm_sha256(text, strlen(text), arm->sha256);
	free(text);
	return 0;
}

int rm_arms_hash(struct rm_arms *arms, const struct rm_plan *plan)
{
	int result = 0;

	for (size_t i = 0; i < arms->count && !result; i++) {
		struct rm_arm *arm = &arms->list[i];

		if (arm->program && !arm->is_folder)
			continue;
		arm->programs = json_object();
		for (size_t c = 0; c < plan->cell_count; c++) {
			const struct rm_plan_cell *planned = &plan->cells[c];
			const struct rm_arm_set set =
			        rm_arms_find_set(arms, &planned->cell);

			if (arm >= set.arms && arm < set.arms + set.count)
				add_program(arm, planned);
		}
		result = hash_programs(arm);
	}
	return result;
}

json_t *rm_arms_to_json(const struct rm_arms *arms)
{
	json_t *list = json_array();

	for (size_t i = 0; i < arms->count; i++) {
		const struct rm_arm *arm = &arms->list[i];

		json_array_append_new(list,
		        json_pack("{s:s, s:s?, s:s?, s:s?, s:O*, s:f, s:s*}",
		                "name", arm->name, "workload",
		                arm->workload[0] ? arm->workload : NULL,
		                "program", arm->program, "sha256",
		                arm->sha256[0] ? arm->sha256 : NULL, "programs",
		                arm->programs, "control_extra",
		                arm->control_extra, "flavour",
		                arm->flavour[0] ? arm->flavour : NULL));
	}
	return list;
}

/* Copies a JSON string, or "" if it is null and `or_null` is set. Returns false
   if it is empty, too long, or not a string. */
static bool copy_text(char *to, size_t size, const json_t *from, bool or_null)
{
	const char *text = json_string_value(from);

	to[0] = '\0';
	if (!text)
		return or_null && (!from || json_is_null(from));
	if (!text[0] || strlen(text) >= size)
		return false;
	strcpy(to, text);
	return true;
}

/* Reads an arm of campaign.json. Returns a description of the problem, or
   NULL. */
static const char *read_arm(const json_t *entry, struct rm_arm *arm)
{
	const json_t *program = json_object_get(entry, "program");
	const json_t *extra = json_object_get(entry, "control_extra");
	const char *path = json_string_value(program);

	if (path && path[0])
		arm->program = strdup(path);
	if (!copy_text(arm->name, sizeof(arm->name),
	            json_object_get(entry, "name"), false) ||
	        !is_name(arm->name, strlen(arm->name)))
		return "name: expected a name";
	if (!copy_text(arm->workload, sizeof(arm->workload),
	            json_object_get(entry, "workload"), true))
		return "workload: expected a name or null";
	if (!arm->program && program && !json_is_null(program))
		return "program: expected a path or null";
	if (!copy_text(arm->sha256, sizeof(arm->sha256),
	            json_object_get(entry, "sha256"), true))
		return "sha256: expected a hash or null";
	if (!copy_text(arm->flavour, sizeof(arm->flavour),
	            json_object_get(entry, "flavour"), true))
		return "flavour: expected a name, if present";
	arm->programs = json_incref(json_object_get(entry, "programs"));
	if (arm->programs && !json_is_object(arm->programs))
		return "programs: expected an object";
	arm->is_folder = arm->program && arm->programs;
	arm->control_extra = json_number_value(extra);
	if (!json_is_number(extra) ||
	        !(arm->control_extra >= 0 && arm->control_extra <= 1))
		return "control_extra: expected a number from 0 to 1";
	return NULL;
}

/* Checks that the last arm's name is unique in its set and that the set's arms
   are adjacent, as rm_arms_find_set() needs. Returns a description of the
   problem, or NULL. */
static const char *check_set(const struct rm_arms *arms)
{
	const struct rm_arm *last = &arms->list[arms->count - 1];

	if (arms->count > 1 && last[-1].flavour[0])
		return "name: expected no arm after an A/A control";
	for (size_t i = 0; i + 1 < arms->count; i++) {
		if (strcmp(arms->list[i].workload, last->workload))
			continue;
		if (!strcmp(arms->list[i].name, last->name))
			return "name: expected a name that no earlier arm has";
		if (strcmp(last[-1].workload, last->workload))
			return "workload: expected adjacent arms of a workload";
	}
	return NULL;
}

int rm_arms_from_json(
        const json_t *campaign, struct rm_arms *arms, struct rm_error *error)
{
	const json_t *list = json_object_get(campaign, "arms"), *entry;
	size_t i;

	if (!json_array_size(list) || json_array_size(list) > RM_ARMS_MAX)
		return rm_error_set(error, -EINVAL,
		        "arms: expected a list of 1 to %d", RM_ARMS_MAX);
	json_array_foreach (list, i, entry) {
		const char *wrong = read_arm(entry, &arms->list[arms->count++]);

		if (!wrong)
			wrong = check_set(arms);
		if (wrong)
			return rm_error_set(
			        error, -EINVAL, "arms[%zu].%s", i, wrong);
	}
	return 0;
}

/* Returns -EINVAL if --arms differs from the recorded arms. A resume may repeat
   --arms but not change it, since the journal would mix builds. */
static int compare_arms(const struct rm_arms *asked, const struct rm_arms *arms,
        struct rm_error *error)
{
	json_t *now = rm_arms_to_json(asked), *then = rm_arms_to_json(arms);
	json_t *arm;
	size_t i;

	/* Ignores the list of programs, which check_programs() has compared. */
	json_array_foreach (then, i, arm)
		if (!json_object_del(arm, "programs"))
			json_object_set_new(arm, "sha256", json_null());
	bool equal = json_equal(now, then);

	json_decref(now);
	json_decref(then);
	return equal ? 0
	             : rm_error_set(error, -EINVAL,
	                       "the campaign was started with other --arms: "
	                       "resume without --arms, or start a new campaign "
	                       "(another -o DIR)");
}

const char *rm_arm_find_program_path(
        const struct rm_arm *arm, const char *name, char path[RM_PROGRAM_BYTES])
{
	char relative[RM_ARM_PROGRAM_BYTES + 8];

	snprintf(relative, sizeof(relative), "maps/%s", name);
	if (!arm->program)
		return rm_host_sibling_path(relative, path, RM_PROGRAM_BYTES);
	snprintf(path, RM_PROGRAM_BYTES, "%s/%s", arm->program, name);
	return path;
}

static int check_programs(const struct rm_arm *arm, struct rm_error *error)
{
	char path[RM_PROGRAM_BYTES], hash[RM_SHA256_TEXT];
	struct rm_error why = { 0 };
	const char *name;
	json_t *recorded;

	json_object_foreach (arm->programs, name, recorded) {
		const char *then = json_string_value(recorded);

		const int failed = rm_sha256_file(
		        rm_arm_find_program_path(arm, name, path), hash, &why);

		if (then && (failed || strcmp(hash, then)))
			return rm_error_set(error, -EINVAL,
			        "arm %s: %.300s%s, expected SHA-256 %s: build "
			        "that version again (make programs NEEDED=%s), "
			        "or start a new campaign (another -o DIR)",
			        arm->name, failed ? why.text : path,
			        failed ? ""
			               : " was changed since the campaign "
			                 "began",
			        then, name);
	}
	return 0;
}

/* Returns -EINVAL if a program was rebuilt, since its trials would be recorded
   with the old hash. Returns the error of a file that cannot be read. Skips an
   arm without path or hash. */
static int check_program(const struct rm_arm *arm, struct rm_error *error)
{
	struct rm_error why = { 0 };
	char hash[RM_SHA256_TEXT];
	int result;

	if (arm->programs)
		return check_programs(arm, error);
	if (!arm->program || !arm->sha256[0])
		return 0;
	result = rm_sha256_file(arm->program, hash, &why);
	if (result)
		return rm_error_set(error, result,
		        "arm %s: %s; expected the program that the campaign "
		        "was started with (SHA-256 %s)",
		        arm->name, why.text, arm->sha256);
	if (strcmp(hash, arm->sha256))
		return rm_error_set(error, -EINVAL,
		        "arm %s: %.200s was changed since the campaign began: "
		        "its SHA-256 is %s, expected %s",
		        arm->name, arm->program, hash, arm->sha256);
	return 0;
}

int rm_arms_restore(const json_t *campaign, const struct rm_arms *asked,
        struct rm_arms *arms, struct rm_error *error)
{
	struct rm_error why = { 0 };
	int result = rm_arms_from_json(campaign, arms, &why);

	if (result)
		rm_error_set(error, result, "campaign.json: %s", why.text);
	for (size_t i = 0; i < arms->count && !result; i++)
		result = check_program(&arms->list[i], error);
	if (!result && asked->count)
		result = compare_arms(asked, arms, error);
	return result;
}

struct rm_arm_set rm_arms_find_set(
        const struct rm_arms *arms, const struct rm_cell *cell)
{
	struct rm_arm_set specific = { 0 }, general = { 0 };

	for (size_t i = 0; i < arms->count; i++) {
		const struct rm_arm *arm = &arms->list[i];
		bool is_specific = arm->workload[0] &&
		                   !strcmp(arm->workload, cell->workload);
		struct rm_arm_set *set = is_specific ? &specific : &general;

		if ((!is_specific && arm->workload[0]) ||
		        (arm->flavour[0] && !cell->has_control))
			continue;
		if (!set->count++)
			set->arms = arm;
	}
	return specific.count ? specific : general;
}

void rm_arms_order(uint64_t seed, size_t count, size_t order[RM_ARMS_MAX])
{
	uint64_t state = rm_seed(seed, SLOT_STREAM);

	/* Shuffles with the inside-out method of Fisher and Yates, so every
	   order of the arms is equally likely (requirement R14). */
	for (size_t i = 0; i < count; i++) {
		size_t at = (size_t)rm_below(rm_next(&state), i + 1);

		order[i] = order[at];
		order[at] = i;
	}
}

void rm_arms_clear(struct rm_arms *arms)
{
	for (size_t i = 0; i < arms->count; i++) {
		free(arms->list[i].program);
		json_decref(arms->list[i].programs);
	}
	memset(arms, 0, sizeof(*arms));
}
