/* SPDX-License-Identifier: Apache-2.0 */
/* prepare.c - begins or resumes a campaign: workloads, counters, plan, folder,
   journal. It checks for errors before it writes files. */
#include "runner/campaign/internal.h"

#include "runner/base/build_info.h"
#include "runner/base/file.h"
#include "runner/machine/machine.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static const uint64_t seed_mask = ((uint64_t)1 << 53) - 1;

uint64_t rm_draw_random_seed(void)
{
	uint64_t seed = 0;

	/* getrandom(2) returns 8 bytes or fails */
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = (uint64_t)time(NULL);
	return seed & seed_mask;
}

/* Returns the reason why counters are missing, or NULL if there are
   counters. */
static const char *find_counters_reason(const json_t *counters)
{
	const char *reason =
	        json_string_value(json_object_get(counters, "reason"));

	if (rm_counters_set_count(counters))
		return NULL;
	return reason ? reason : "no counter back end was requested";
}

static bool only_simulated(const struct rm_workload *workload)
{
	for (unsigned i = 0; i < workload->count[RM_KEY_MEASURE]; i++)
		if (workload->values[i].measure != RM_MEASURE_SIMULATED)
			return false;
	return true;
}

/* Removes workloads that only simulate, for machines with working counters. In
   a mode, simulation replaces counters. */
static void drop_simulated(struct rm_inputs *mode)
{
	size_t kept = 0;

	for (size_t i = 0; i < mode->workload_count; i++)
		if (only_simulated(&mode->workloads[i]))
			rm_workload_clear(&mode->workloads[i]);
		else
			mode->workloads[kept++] = mode->workloads[i];
	mode->workload_count = kept;
}

static bool has_control(const struct rm_plan *plan)
{
	for (size_t i = 0; i < plan->cell_count; i++)
		if (plan->cells[i].cell.has_control)
			return true;
	return false;
}

/* Checks that the control has a program, since otherwise each of its trials
   would fail. */
static int check_control(const struct rm_arm *control, struct rm_error *error)
{
	const char *name;
	json_t *hash;

	json_object_foreach (control->programs, name, hash)
		if (json_is_null(hash))
			return rm_error_set(error, -EINVAL,
			        "the program of the A/A control is not built: "
			        "maps/%s: run make programs NEEDED=%s, or use "
			        "--set control=none",
			        name, name);
	return 0;
}

/* Adds the control's arm. Unless a test replaces all programs, hashes the
   programs that the plan needs, and checks their builds. */
static int finish_arms(const struct rm_run_options *wishes,
        struct rm_prepared *prepared, struct rm_error *error)
{
	struct rm_arms *arms = &prepared->arms;
	bool controlled = has_control(&prepared->plan);

	if (controlled)
		rm_arms_add_control(arms);
	if (wishes->program)
		return 0;
	if (rm_arms_hash(arms, &prepared->plan))
		return rm_error_set(error, -ENOMEM, "no memory for hashes");
	if (controlled && check_control(&arms->list[arms->count - 1], error))
		return -EINVAL;
	int result = rm_arms_check_builds(arms, &prepared->outdated, error);

	/* the program's sources differ from the recorded commit */
	if (!result && prepared->outdated.text[0])
		json_object_set_new(prepared->build, "dirty", json_true());
	return result;
}

/* Selects counters and builds the plan. The counters come first, since they
   determine which cells are skipped and which simulated workloads run. */
static int build_plan(const struct rm_run_options *wishes,
        struct rm_prepared *prepared, struct rm_error *error)
{
	struct rm_plan_options options = {
		.seed = wishes->seed ? *wishes->seed : rm_draw_random_seed(),
		.maps = wishes->maps,
		.cells = wishes->cells_from ? &prepared->list : NULL,
		.can_simulate = rm_map_has_sim_program,
		.find_machine = wishes->find_machine,
		.has_arms = rm_arms_are_given(&prepared->arms),
		.catalog = &prepared->catalog,
		.cost_scale = rm_plan_measure_cost_scale(&prepared->topology),
	};
	int result =
	        rm_counters_select(wishes->counters ? wishes->counters : "auto",
	                &prepared->topology, &prepared->choice,
	                &prepared->counters, error);

	if (result)
		return result;
	options.counters_reason = find_counters_reason(prepared->counters);
	if (wishes->sources.mode && !options.counters_reason && !options.cells)
		drop_simulated(&prepared->mode);
	result = rm_plan_build(prepared->mode.workloads,
	        prepared->mode.workload_count, &prepared->topology, &options,
	        &prepared->plan, error);
	return result ? result : finish_arms(wishes, prepared, error);
}

static struct rm_description description_of(
        const struct rm_run_options *wishes, const struct rm_prepared *prepared)
{
	return (struct rm_description){
		.name = rm_folder_name(prepared->dir),
		.mode = wishes->sources.mode ? prepared->mode.name : NULL,
		.maps = wishes->maps,
		.list = wishes->cells_from ? &prepared->list : NULL,
		.wish = wishes->counters,
		.machine = prepared->machine,
		.build = prepared->build,
		.counters = prepared->counters,
		.workloads = prepared->mode.workloads,
		.workload_count = prepared->mode.workload_count,
		.catalog = &prepared->catalog,
		.plan = &prepared->plan,
		.arms = &prepared->arms,
		.calibration = prepared->calibration,
		.notes = wishes->notes,
		.busy = &prepared->busy,
	};
}

static int write_campaign(const struct rm_run_options *wishes,
        struct rm_prepared *prepared, struct rm_error *error)
{
	struct rm_description description = description_of(wishes, prepared);
	char *text = NULL, *xml = rm_topology_xml(&prepared->topology);
	int result = -ENOMEM;

	if (!description.wish)
		description.wish = "auto";
	description.topology_xml = xml;
	if (xml)
		prepared->campaign = rm_describe_campaign(&description);
	if (prepared->campaign)
		text = json_dumps(prepared->campaign, JSON_INDENT(2));
	if (!text || !xml)
		rm_error_set(error, result, "no memory for campaign.json");
	else if (!(result = rm_folder_topology(prepared->dir, xml, error)))
		/* written last: a resume accepts the folder from then on */
		result = rm_file_replace(prepared->dir, "campaign.json", text,
		        strlen(text), error);
	free(text);
	free(xml);
	return result;
}

/* Returns the error that the folder already has a campaign. Advises --resume
   only if no other process runs this campaign. */
static int refuse_existing(const char *dir, struct rm_error *error)
{
	struct rm_error running = { "" };

	if (rm_folder_check_idle(dir, &running))
		return rm_error_set(error, -EBUSY,
		        "%s; another campaign needs another folder (-o DIR)",
		        running.text);
	return rm_error_set(error, -EEXIST,
	        "%s holds a campaign already, expected a new folder (another "
	        "-o DIR), or --resume",
	        dir);
}

/* Makes and locks the folder, which must not contain a campaign. */
static int open_new(const struct rm_run_options *wishes,
        struct rm_prepared *prepared, struct rm_error *error)
{
	const char *id =
	        json_string_value(json_object_get(prepared->machine, "id"));
	const char *what = wishes->sources.mode
	                           ? prepared->mode.name
	                           : prepared->mode.workloads[0].name;
	char path[RM_PATH_BYTES];
	int result = wishes->dir ? rm_folder_make(wishes->dir, error)
	                         : rm_folder_new(what, id ? id : "unknown",
	                                   time(NULL), prepared->dir, error);

	if (!result)
		result = rm_folder_check_new(prepared->dir, error);
	if (!result)
		result = rm_journal_open(prepared->dir, &prepared->journal,
		        &prepared->torn_bytes, error);
	if (!result)
		result = rm_path_join(
		        path, prepared->dir, "campaign.json", error);
	if (result)
		return result;
	/* checked again, now that the lock excludes other processes */
	if (!access(path, F_OK))
		return refuse_existing(prepared->dir, error);
	if (rm_journal_length(prepared->journal))
		return rm_error_set(error, -EEXIST,
		        "%s has a trials.jsonl but no campaign.json: restore "
		        "campaign.json, or start a new campaign (another -o "
		        "DIR)",
		        prepared->dir);
	return 0;
}

/* Moves the arms out of the options into `prepared` and checks them. Called
   before the plan, so that an error in --arms is reported at once. */
static int move_arms(const struct rm_run_options *wishes,
        struct rm_prepared *prepared, struct rm_error *error)
{
	if (!wishes->arms->count) {
		rm_arms_default(&prepared->arms,
		        json_string_value(json_object_get(
		                prepared->build, "binary_sha256")));
		return 0;
	}
	prepared->arms = *wishes->arms;
	wishes->arms->count = 0;
	int result = rm_arms_resolve(&prepared->arms, prepared->mode.workloads,
	        prepared->mode.workload_count, error);

	return result ? result : rm_arms_check_programs(&prepared->arms, error);
}

/* Checks a name from the command line; NULL is valid. */
static int check_name(
        const char *option, const char *name, struct rm_error *error)
{
	json_t *text = name ? json_string(name) : json_null();

	json_decref(text);
	if (text)
		return 0;
	return rm_error_set(error, -EINVAL,
	        "%s%s: not UTF-8, which campaign.json cannot store: expected "
	        "another name",
	        option, name);
}

/* Rejects names that are not UTF-8: JSON cannot store them, but resumes and
   reports need them. */
static int check_names(const struct rm_run_options *wishes,
        const struct rm_prepared *prepared, struct rm_error *error)
{
	const struct rm_arms *arms = &prepared->arms;
	int result = check_name("-o ",
	        wishes->dir ? rm_folder_name(prepared->dir) : NULL, error);

	for (size_t i = 0; !result && i < prepared->mode.workload_count; i++)
		result =
		        check_name("", prepared->mode.workloads[i].file, error);
	for (size_t i = 0; !result && i < arms->count; i++)
		result = check_name("--arms ", arms->list[i].program, error);
	if (!result && wishes->cells_from)
		result =
		        check_name("--cells-from ", prepared->list.file, error);
	if (!result)
		result = check_name("--counters ", wishes->counters, error);
	if (!result)
		result = check_name("LD_PRELOAD=", getenv("LD_PRELOAD"), error);
	if (!result)
		result = rm_preload_check(error);
	return result;
}

/* Returns -EINTR if the user interrupts the wait. */
static int wait_a_second(
        const struct rm_run_options *wishes, struct rm_error *error)
{
	struct pollfd fd = { .fd = wishes->interrupt_fd, .events = POLLIN };

	if (poll(&fd, wishes->interrupt_fd >= 0, 1000) > 0)
		return rm_error_set(error, -EINTR,
		        "interrupted while waiting; nothing was started, "
		        "repeat the command to wait again");
	return 0;
}

/* Checks whether other programs are running. They widen the intervals and delay
   the threads. This is only a warning, or an error after --wait-idle. */
static int check_busy(const struct rm_run_options *wishes,
        struct rm_prepared *prepared, struct rm_error *error)
{
	unsigned cpus = prepared->topology.cpus;
	int result = 0;

	rm_busy_measure(cpus, wishes->busy_ok, &prepared->busy);
	for (unsigned s = 0;
	        s < wishes->wait_idle_s && !result && prepared->busy.is_busy;
	        s++) {
		result = wait_a_second(wishes, error);
		rm_busy_measure(cpus, false, &prepared->busy);
	}
	if (!result && wishes->wait_idle_s && prepared->busy.is_busy)
		return rm_error_set(error, -EBUSY,
		        "%s, after %u s of waiting; nothing was started: stop "
		        "other work, or set a longer --wait-idle",
		        prepared->busy.text, wishes->wait_idle_s);
	return result;
}

/* Links results/latest to a campaign that measures at least one cell. Other
   campaigns contain no results about this machine. */
static void link_latest(struct rm_prepared *prepared)
{
	for (size_t i = 0; i < prepared->plan.cell_count; i++) {
		const struct rm_cell *cell = &prepared->plan.cells[i].cell;

		if (cell->skip[0] || cell->measure == RM_MEASURE_VERIFY ||
		        cell->measure == RM_MEASURE_SIMULATED)
			continue;
		rm_folder_link_latest(prepared->dir, &prepared->unlinked);
		return;
	}
}

/* Begins a new campaign. Checks everything before it makes the folder. Writes
   campaign.json last; a resume accepts the folder from then on. */
static int begin_campaign(const struct rm_run_options *wishes,
        struct rm_prepared *prepared, struct rm_error *error)
{
	int result;

	if (!prepared->mode.workload_count)
		return rm_folder_no_campaign(
		        wishes->dir ? wishes->dir : "", error);
	result = move_arms(wishes, prepared, error);
	if (!result)
		result = check_names(wishes, prepared, error);
	if (!result)
		result = build_plan(wishes, prepared, error);
	if (!result)
		result = check_busy(wishes, prepared, error);
	if (!result && rm_arms_are_given(&prepared->arms))
		result = rm_calibrate(&prepared->plan, &prepared->arms,
		        wishes->program, wishes->interrupt_fd,
		        &prepared->calibration, error);
	if (!result)
		result = open_new(wishes, prepared, error);
	if (!result)
		result = rm_tally_start(&prepared->tally, &prepared->plan,
		        &prepared->arms, error);
	if (!result)
		result = write_campaign(wishes, prepared, error);
	if (!result)
		link_latest(prepared);
	return result;
}

/* Reads plan and seed from campaign.json, whose hash must match. */
static int recall_plan(struct rm_prepared *prepared, struct rm_error *error)
{
	const char *recorded = json_string_value(
	        json_object_get(prepared->campaign, "plan_sha256"));
	char hash[RM_SHA256_TEXT];
	struct rm_error why = { 0 };

	if (rm_plan_hash(prepared->campaign, hash))
		return rm_error_set(error, -EINVAL,
		        "%s/campaign.json: seed, cells or order are missing",
		        prepared->dir);
	if (!recorded || strcmp(recorded, hash))
		return rm_error_set(error, -EINVAL,
		        "%s/campaign.json: the plan was changed, expected "
		        "plan_sha256 %s, not %.80s",
		        prepared->dir, hash, recorded ? recorded : "(none)");
	int result =
	        rm_plan_from_json(prepared->campaign, &prepared->plan, &why);

	return result ? rm_error_set(error, result, "%s/campaign.json: %s",
	                        prepared->dir, why.text)
	              : 0;
}

static int check_hash(const struct rm_prepared *prepared, const char *file,
        const char *member, const char *hash, struct rm_error *error)
{
	const char *recorded =
	        json_string_value(json_object_get(prepared->campaign, member));

	if (!recorded || !strcmp(recorded, hash))
		return 0;
	return rm_error_set(error, -EINVAL,
	        "%s/%s: changed since it was written, its hash is not %s: "
	        "restore it, or start a new campaign (another -o DIR)",
	        prepared->dir, file, member);
}

/* Checks the hashes of campaign.json and topology.xml. Reports reject a
   campaign in which one of them was changed, so new trials would be wasted. */
static int check_hashes(
        const struct rm_prepared *prepared, struct rm_error *error)
{
	char hash[RM_SHA256_TEXT], path[RM_PATH_BYTES];
	int result = rm_path_join(path, prepared->dir, "topology.xml", error);

	if (!result && rm_campaign_hash(prepared->campaign, hash))
		result = rm_error_set(error, -ENOMEM, "no memory");
	if (!result)
		result = check_hash(
		        prepared, "campaign.json", "sha256", hash, error);
	if (!result && (result = rm_sha256_file(path, hash, NULL)))
		rm_error_set(error, result,
		        "%s: cannot be read: %s: restore it from a copy, or "
		        "start anew in another folder (-o DIR)",
		        path, rm_file_reason(result));
	if (!result)
		result = check_hash(prepared, "topology.xml", "topology_sha256",
		        hash, error);
	return result;
}

/* Selects the recorded back end. Does not resolve "auto" again. */
static int select_recorded_counters(
        struct rm_prepared *prepared, struct rm_error *error)
{
	json_t *recorded = json_object_get(prepared->campaign, "counters");
	const char *wish = NULL, *backend = NULL;

	json_unpack(recorded, "{s:s, s:s}", "wish", &wish, "backend", &backend);
	if (!wish || !backend)
		return rm_error_set(error, -EINVAL,
		        "%s/campaign.json: counters.wish or .backend is "
		        "missing",
		        prepared->dir);
	return rm_counters_select(strcmp(wish, "auto") ? wish : backend,
	        &prepared->topology, &prepared->choice, &prepared->counters,
	        error);
}

/* Drops an incomplete block, which will run again, then fills the tally. */
static int recall_trials(struct rm_prepared *prepared, struct rm_error *error)
{
	int result = rm_tally_start(
	        &prepared->tally, &prepared->plan, &prepared->arms, error);

	if (!result)
		result = rm_journal_open(prepared->dir, &prepared->journal,
		        &prepared->torn_bytes, error);
	if (!result)
		result = rm_campaign_drop_unfinished(&prepared->plan,
		        &prepared->arms, prepared->journal, &prepared->dropped,
		        error);
	if (result)
		return result;
	rm_plan_run_waiting(&prepared->plan, &prepared->catalog,
	        rm_repeats_has_waiting(&prepared->plan,
	                rm_journal_attempts(prepared->journal)));
	result = rm_validate_journal(
	        prepared->dir, &prepared->plan, &prepared->arms, error);
	return result ? result
	              : rm_journal_read(prepared->journal,
	                        rm_tally_restore_line, &prepared->tally, error);
}

/* Continues a campaign. Compares build, machine and options before it changes
   the folder. Selects counters last, because this may take seconds. */
static int resume_campaign(const struct rm_run_options *wishes,
        struct rm_prepared *prepared, struct rm_error *error)
{
	struct rm_description now = description_of(wishes, prepared);
	int result = rm_describe_compare(
	        prepared->campaign, &now, wishes->seed, error);

	prepared->resumed = true;
	if (!result)
		result = recall_plan(prepared, error);
	if (!result)
		result = check_hashes(prepared, error);
	if (!result)
		result = check_busy(wishes, prepared, error);
	if (!result)
		result = rm_arms_resolve(wishes->arms, NULL, 0, error);
	if (!result)
		result = rm_arms_restore(prepared->campaign, wishes->arms,
		        &prepared->arms, error);
	if (!result)
		result = recall_trials(prepared, error);
	if (!result)
		result = select_recorded_counters(prepared, error);
	if (!result)
		link_latest(prepared);
	return result;
}

/* Rejects a replaced topology, since a campaign must record the machine that it
   measures. */
static int refuse_other_machine(struct rm_error *error)
{
	const char *name =
	        getenv("HWLOC_SYNTHETIC") ? "HWLOC_SYNTHETIC" : "HWLOC_XMLFILE";

	return !getenv(name)
	               ? 0
	               : rm_error_set(error, -EINVAL,
	                         "%s=%.100s: replaces the topology of this "
	                         "machine, which only a plan may do: unset %s",
	                         name, getenv(name), name);
}

int rm_prepare(const struct rm_run_options *wishes,
        struct rm_prepared *prepared, struct rm_error *error)
{
	struct rm_error none = { 0 };
	int found = -ENOENT;
	int result = rm_inputs_read(&wishes->sources, &prepared->mode, error);

	if (!result && wishes->cells_from)
		result = rm_cell_list_read(
		        wishes->cells_from, &prepared->list, error);
	if (!result)
		result = rm_catalog_load(NULL, &prepared->catalog, error);
	if (!result)
		result = refuse_other_machine(error);
	if (!result)
		result = rm_topology_load(NULL, &prepared->topology, error);
	if (result)
		return result;
	prepared->has_topology = true;
	prepared->machine = rm_machine_facts(&prepared->topology);
	prepared->build = rm_build_info();
	if (!prepared->machine || !prepared->build)
		return rm_error_set(error, -ENOMEM, "no memory");
	if (wishes->dir) {
		snprintf(prepared->dir, sizeof(prepared->dir), "%s",
		        wishes->dir);
		rm_path_trim_slashes(prepared->dir);
		found = rm_folder_campaign(
		        wishes->dir, &prepared->campaign, &none);
	}
	if (!wishes->resume && (found == -EACCES || found == -ENOTDIR))
		found = -ENOENT; /* begin_campaign() reports a missing folder */
	if (found && found != -ENOENT)
		return rm_error_set(error, found, "%s", none.text);
	if (!found && !wishes->resume)
		return refuse_existing(wishes->dir, error);
	return found ? begin_campaign(wishes, prepared, error)
	             : resume_campaign(wishes, prepared, error);
}

void rm_prepared_clear(struct rm_prepared *prepared)
{
	rm_journal_close(prepared->journal);
	rm_counters_release(prepared->choice);
	rm_tally_clear(&prepared->tally);
	rm_plan_free(&prepared->plan);
	rm_arms_clear(&prepared->arms);
	rm_inputs_clear(&prepared->mode);
	rm_cell_list_clear(&prepared->list);
	rm_catalog_clear(&prepared->catalog);
	if (prepared->has_topology)
		rm_topology_free(&prepared->topology);
	json_decref(prepared->campaign);
	json_decref(prepared->calibration);
	json_decref(prepared->counters);
	json_decref(prepared->machine);
	json_decref(prepared->build);
	memset(prepared, 0, sizeof(*prepared));
}
