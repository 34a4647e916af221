/* SPDX-License-Identifier: Apache-2.0 */
/* test_likwid.c - tests the likwid back end with the real library on simulated
   registers, and with a stub that fails in every way. */
#include "runner/base/clock.h"
#include "runner/counters/counters.h"
#include "runner/counters/likwid.h"
#include "tests/unit/counters/likwid_wrapper.h"
#include "tests/unit/tap.h"

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char folder[] = "/tmp/readmostly-likwid-XXXXXX";
static char script[64];

struct outcome {
	int open, start, stop; /* results of the three calls */
	struct rm_error error; /* error of open */
	json_t *result;
};

static json_t *request_of(const char *socket, const char *events)
{
	json_t *list = json_loads(events, 0, NULL);

	if (!list)
		abort();
	return json_pack("{s:s, s:s, s:o}", "backend", "likwid", "socket",
	        socket, "events", list);
}

static const char two[] =
        "[{\"metric\": \"cycles\", \"event\": \"CPU_CLOCKS_UNHALTED\","
        "  \"counter\": \"PMC0\"},"
        " {\"metric\": \"instructions\", \"event\": \"RETIRED_INSTRUCTIONS\","
        "  \"counter\": \"PMC1\"}]";

static struct outcome count(const struct rm_likwid_helper *helper,
        const char *events, unsigned threads, const unsigned *cpus)
{
	struct outcome outcome = { .open = 0 };
	json_t *request = request_of(rm_likwid_helper_socket(helper), events);
	struct rm_counters *session = NULL;

	outcome.open = rm_counters_open(
	        request, threads, cpus, &session, &outcome.error);
	if (!outcome.open) {
		outcome.start = rm_counters_start(session);
		outcome.stop = rm_counters_stop(session);
		outcome.result = rm_counters_result(session);
		rm_counters_close(session);
	}
	json_decref(request);
	return outcome;
}

static struct rm_likwid_helper *start(void)
{
	struct rm_likwid_helper *helper = NULL;
	struct rm_error error = { "" };
	char remedy[200];

	if (rm_likwid_helper_start(&helper, remedy, sizeof(remedy), &error)) {
		printf("Bail out! no helper: %s\n", error.text);
		exit(1);
	}
	return helper;
}

static const json_t *event_at(const struct outcome *outcome, size_t i)
{
	return json_array_get(json_object_get(outcome->result, "events"), i);
}

static double value_at(const struct outcome *outcome, size_t i, size_t thread)
{
	const json_t *v = json_array_get(
	        json_object_get(event_at(outcome, i), "per_thread"), thread);

	return json_is_number(v) ? json_number_value(v) : -1;
}

static double total_at(const struct outcome *outcome, size_t i)
{
	const json_t *v = json_object_get(event_at(outcome, i), "total");

	return json_is_number(v) ? json_number_value(v) : -1;
}

static bool event_has(const struct outcome *outcome, size_t i,
        const char *quality, const char *reason)
{
	const json_t *event = event_at(outcome, i);
	const char *q = json_string_value(json_object_get(event, "quality"));
	const char *r = json_string_value(json_object_get(event, "reason"));
	bool is_right = q && !strcmp(q, quality) && r && strstr(r, reason);

	if (!is_right)
		printf("# %s: %s\n", q ? q : "-", r ? r : "-");
	return is_right;
}

static const unsigned cpus01[] = { 0, 1 };

/* Opens a session with a failing stub. True if the error contains `reason`. */
static bool open_fails(const char *environment, const char *reason)
{
	wrapper_stub(script, environment);
	struct rm_likwid_helper *helper = start();
	struct outcome outcome = count(helper, two, 1, cpus01);
	bool is_right = outcome.open == -EREMOTEIO &&
	                strstr(outcome.error.text, reason);

	if (!is_right)
		printf("# %d %s\n", outcome.open, outcome.error.text);
	json_decref(outcome.result);
	rm_likwid_helper_stop(helper);
	return is_right;
}

static void report_failures(void)
{
	CHECK(open_fails("STUB_FAIL=perfmon_init:exit",
	              "liblikwid called exit(1); first message: stub: I leave"),
	        "exit() inside the library is reported with its first message");
	CHECK(open_fails("STUB_FAIL=perfmon_init:segv",
	              "liblikwid crashed with signal 11"),
	        "a crash inside the library is reported");
	CHECK(open_fails("STUB_FAIL=topology_init:hang",
	              "liblikwid hung: no answer within 500 ms"),
	        "a hang inside the library is reported");
	CHECK(open_fails("STUB_FAIL=topology_init:-1", "topology_init=-1"),
	        "a failure of topology_init is reported");
	CHECK(open_fails("STUB_FAIL=perfmon_init:-13",
	              "perfmon_init=-13; first message: stub: perfmon_init "
	              "says no"),
	        "a failure of perfmon_init is reported");
	CHECK(open_fails("STUB_FAIL=perfmon_init:1", "perfmon_init=1"),
	        "a positive code is an error");
	CHECK(open_fails("STUB_FAIL=perfmon_addEventSet:-22",
	              "perfmon_addEventSet(CPU_CLOCKS_UNHALTED:PMC0,"
	              "RETIRED_INSTRUCTIONS:PMC1)=-22"),
	        "a rejected event set is named");
	CHECK(open_fails("STUB_FAIL=perfmon_setupCounters:-1",
	              "perfmon_setupCounters=-1"),
	        "a failure of perfmon_setupCounters is reported");
	CHECK(open_fails("STUB_FAIL=perfmon_startCounters:-22",
	              "perfmon_startCounters=-22"),
	        "a failure of perfmon_startCounters is reported");
	CHECK(open_fails(
	              "STUB_FAIL=perfmon_stopCounters:hang", "liblikwid hung"),
	        "the library hangs when counters are stopped");
}

static bool library_fails(const char *library, const char *reason)
{
	char options[PATH_MAX];

	snprintf(options, sizeof(options), "--no-gate --library %s", library);
	wrapper_write(script, "", options);
	struct rm_likwid_helper *helper = start();
	struct outcome outcome = count(helper, two, 1, cpus01);
	bool is_right = outcome.open == -EREMOTEIO &&
	                strstr(outcome.error.text, reason);

	if (!is_right)
		printf("# %s\n", outcome.error.text);
	rm_likwid_helper_stop(helper);
	return is_right;
}

static void report_missing_libraries(void)
{
	CHECK(library_fails("/nowhere/liblikwid.so.5",
	              "liblikwid is missing: /nowhere/liblikwid.so.5"),
	        "a missing library is reported");
	CHECK(library_fails("libm.so.6", "liblikwid lacks topology_init"),
	        "a different library is reported");
}

static void find_library_by_path(void)
{
	char environment[PATH_MAX + 80];

	snprintf(environment, sizeof(environment),
	        "STUB_VALUE=plain LD_LIBRARY_PATH=%s/stub", wrapper_folder());
	wrapper_write(script, environment, "--no-gate");
	struct rm_likwid_helper *helper = start();
	struct outcome outcome = count(helper, two, 1, cpus01);

	/* Two empty intervals precede the window, so the window is number 3. */
	CHECK(!outcome.open && value_at(&outcome, 0, 0) == 3000 &&
	                value_at(&outcome, 1, 0) == 6000,
	        "LD_LIBRARY_PATH selects the library");
	json_decref(outcome.result);
	rm_likwid_helper_stop(helper);
}

static void drop_output(void)
{
	wrapper_stub(script,
	        "STUB_VALUE=plain STUB_FAIL=perfmon_startCounters:chatter");
	struct rm_likwid_helper *helper = start();
	struct outcome outcome = count(helper, two, 1, cpus01);

	CHECK(!outcome.open && value_at(&outcome, 0, 0) == 3000,
	        "20000 lines of output neither block the helper nor appear");
	json_decref(outcome.result);
	rm_likwid_helper_stop(helper);
}

static bool value_is(const char *value, size_t event, const char *reason)
{
	char environment[64];

	snprintf(environment, sizeof(environment), "STUB_VALUE=%s", value);
	wrapper_stub(script, environment);
	struct rm_likwid_helper *helper = start();
	struct outcome outcome = count(helper, two, 1, cpus01);
	bool is_right = !outcome.open && total_at(&outcome, event) == -1 &&
	                value_at(&outcome, event, 0) == -1 &&
	                event_has(&outcome, event, "invalid", reason);

	json_decref(outcome.result);
	rm_likwid_helper_stop(helper);
	return is_right;
}

static void reject_impossible_values(void)
{
	CHECK(value_is("zero", 0, "stayed at 0"),
	        "cycles that stay at 0 are not a value");
	CHECK(value_is("zero", 1, "stayed at 0"),
	        "instructions that stay at 0 are not a value");
	CHECK(value_is("nan", 0, "does not accept the event CPU_CLOCKS"),
	        "NAN is not a value");
	CHECK(value_is("negative", 0, "counted -5"),
	        "a negative count is not a value");
	CHECK(value_is("0.5", 0, "counted 0.5, expected a whole number"),
	        "half a cycle is not a value");
	/* as many cycles as in an hour; the window is much shorter than a
	   minute */
	CHECK(value_is("36e12", 0, "more than any CPU can"),
	        "more cycles than possible in the time are not a value");
	CHECK(value_is("1e300", 1, "more than any CPU can"),
	        "more instructions than possible are not a value");
	CHECK(value_is("1125899906842624", 0, "more than any CPU can"),
	        "2^50 cycles are not a value");
}

static void report_crash_in_window(void)
{
	/* the two empty intervals have one stop each; the third is that of the
	   window */
	wrapper_stub(script, "STUB_VALUE=plain STUB_AFTER=2 "
	                     "STUB_FAIL=perfmon_stopCounters:segv");
	struct rm_likwid_helper *helper = start();
	struct outcome outcome = count(helper, two, 1, cpus01);

	CHECK(!outcome.open && !outcome.start && outcome.stop == -EREMOTEIO,
	        "a crash in the window is an error of stop()");
	CHECK(total_at(&outcome, 0) == -1 && event_has(&outcome, 0, "invalid",
	                                             "crashed with signal 11"),
	        "after the crash the events are null, with the reason");
	json_decref(outcome.result);
	rm_likwid_helper_stop(helper);
}

static void recover_after_exit(void)
{
	char environment[200], once[96];

	snprintf(once, sizeof(once), "%s/once", folder);
	snprintf(environment, sizeof(environment),
	        "STUB_VALUE=plain STUB_ONCE=%s "
	        "STUB_FAIL=perfmon_setupCounters:exit",
	        once);
	wrapper_stub(script, environment);
	struct rm_likwid_helper *helper = start();
	struct outcome first = count(helper, two, 1, cpus01);
	struct outcome second = count(helper, two, 1, cpus01);

	CHECK(first.open == -EREMOTEIO && !second.open &&
	                value_at(&second, 0, 0) == 3000,
	        "after the library exited, the next trial counts");
	json_decref(second.result);
	rm_likwid_helper_stop(helper);
	unlink(once);
}

static void give_up_after_three(void)
{
	char log[96], environment[200];
	struct stat starts;

	snprintf(log, sizeof(log), "%s/starts", folder);
	snprintf(environment, sizeof(environment),
	        "STUB_LOG=%s STUB_FAIL=perfmon_init:hang", log);
	wrapper_stub(script, environment);
	struct rm_likwid_helper *helper = start();

	for (int i = 0; i < 3; i++)
		count(helper, two, 1, cpus01);
	struct outcome outcome = count(helper, two, 1, cpus01);
	CHECK(outcome.open == -EREMOTEIO &&
	                strstr(outcome.error.text, "hung") &&
	                !stat(log, &starts) && starts.st_size == 3,
	        "after three dead workers no fourth is started");
	unlink(log);
	rm_likwid_helper_stop(helper);
}

static void serve_one_trial(void)
{
	wrapper_stub(script, "STUB_VALUE=plain");
	struct rm_likwid_helper *helper = start();
	const char *path = rm_likwid_helper_socket(helper);
	char *answer = malloc(RM_WIRE_BYTES + 1);
	struct rm_error error = { "" };
	int first = rm_likwid_connect(path, &error);

	CHECK(!rm_likwid_send_command(first, "INIT 0", answer, &error),
	        "one trial is served");
	struct outcome outcome = count(helper, two, 1, cpus01);
	CHECK(outcome.open == -EREMOTEIO && strstr(outcome.error.text, "busy"),
	        "a second trial at the same time receives \"busy\"");
	rm_likwid_send_command(first, "EVENTS A:PMC0", answer, &error);
	rm_likwid_send_command(first, "START", answer, &error);
	close(first); /* as if the trial had crashed in its window */
	outcome = count(helper, two, 1, cpus01);
	CHECK(!outcome.open && total_at(&outcome, 0) > 0,
	        "a trial that dies in its window does not affect the next");
	json_decref(outcome.result);
	int last = rm_likwid_connect(path, &error);
	CHECK(rm_likwid_send_command(last, "DANCE", answer, &error) ==
	                        -EREMOTEIO &&
	                strstr(error.text, "expected INIT, EVENTS"),
	        "an unknown command is an error");
	close(last);
	free(answer);
	rm_likwid_helper_stop(helper);
}

static void reject_cpus(void)
{
	static const unsigned far[] = { 4000 }, same[] = { 0, 0 };
	wrapper_stub(script, "STUB_VALUE=plain");
	struct rm_likwid_helper *helper = start();
	struct outcome outcome = count(helper, two, 1, far);

	CHECK(outcome.open == -EREMOTEIO &&
	                strstr(outcome.error.text,
	                        "expected CPUs of this machine"),
	        "a missing CPU never reaches the library");
	outcome = count(helper, two, 1, NULL);
	CHECK(outcome.open == -EINVAL &&
	                strstr(outcome.error.text, "must be bound"),
	        "unbound threads cannot be counted");
	outcome = count(helper, two, 2, same);
	CHECK(!outcome.open && value_at(&outcome, 0, 0) == -1 &&
	                value_at(&outcome, 0, 1) == -1 &&
	                total_at(&outcome, 0) == 3000 &&
	                event_has(&outcome, 0, "exact", "shared by 2 threads"),
	        "threads that share a CPU have a total, but not counts");
	json_decref(outcome.result);
	rm_likwid_helper_stop(helper);
}

/* Returns the helper's child that calls the library; or 0 if /proc does not
   list it. */
static int worker_of(const struct rm_likwid_helper *helper)
{
	int pid = rm_likwid_helper_pid(helper), child = 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	FILE *in = fopen(path, "r");
	if (!in || fscanf(in, "%d", &child) != 1)
		child = 0;
	if (in)
		fclose(in);
	return child;
}

static bool avoids(const struct rm_likwid_helper *helper, size_t cpu)
{
	cpu_set_t mask;

	return !sched_getaffinity(worker_of(helper), sizeof(mask), &mask) &&
	       !CPU_ISSET(cpu, &mask);
}

static void avoid_measured_cpu(void)
{
	static const unsigned other[] = { 1 };
	cpu_set_t mine;

	sched_getaffinity(0, sizeof(mine), &mine);
	wrapper_stub(script, "STUB_VALUE=plain");
	struct rm_likwid_helper *helper = start();
	struct outcome outcome = count(helper, two, 1, cpus01);
	json_decref(outcome.result);
	if (!worker_of(helper) || !CPU_ISSET(0, &mine) || !CPU_ISSET(1, &mine))
		SKIP("the worker avoids the measured CPU",
		        "needs CPUs 0 and 1, and /proc/PID/task/*/children");
	else
		CHECK(avoids(helper, 0) && !avoids(helper, 1),
		        "the worker avoids the measured CPU");
	if (worker_of(helper) && CPU_ISSET(0, &mine) && CPU_ISSET(1, &mine)) {
		outcome = count(helper, two, 1, other);
		json_decref(outcome.result);
		CHECK(avoids(helper, 1) && !avoids(helper, 0),
		        "the worker moves when another CPU is measured");
	}
	rm_likwid_helper_stop(helper);
}

/* True if all descendants of this process end within two seconds. */
static bool all_end(void)
{
	for (int i = 0; i < 1000; i++) {
		if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
			return true;
		rm_sleep_until(rm_now_ns() + 2000000U);
	}
	return false;
}

static void leave_no_orphans(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	wrapper_stub(script, "STUB_FAIL=perfmon_init:hang");
	int ready[2];
	char byte;

	setenv("TMPDIR", folder, 1);
	if (pipe(ready))
		abort();
	pid_t campaign = fork();
	if (!campaign) {
		struct rm_likwid_helper *helper = start();
		struct rm_error error = { "" };
		int s = rm_likwid_connect(
		        rm_likwid_helper_socket(helper), &error);

		if (send(s, "INIT 0", 6, 0) != 6 || write(ready[1], "x", 1) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(ready[0], &byte, 1) != 1)
		abort();
	kill(campaign, SIGKILL);
	CHECK(all_end(), "helper and worker end when their campaign is killed");
	unsetenv("TMPDIR");
	unlink(script);
	CHECK(rmdir(folder) == 0, "helper and worker leave no file");
	close(ready[0]);
	close(ready[1]);
}

static void report_missing_helper(void)
{
	struct rm_likwid_helper *helper = NULL;
	struct rm_error error = { "" };
	char remedy[200];

	setenv("RM_LIKWID_HELPER", "/nowhere/readmostly-likwid", 1);
	CHECK(rm_likwid_helper_start(&helper, remedy, sizeof(remedy), &error) ==
	                        -ENOENT &&
	                strstr(error.text, "/nowhere") && remedy[0],
	        "a missing helper is a reason with a remedy");
	memset(&error, 0, sizeof(error));
	wrapper_write(script, "", "--deadline-ms 0");
	CHECK(rm_likwid_helper_start(&helper, remedy, sizeof(remedy), &error) ==
	                        -ENOTSUP &&
	                strstr(error.text, "ended before it was ready"),
	        "a helper that ends at once is a reason");
}

static const char three[] =
        "[{\"metric\": \"cycles\", \"event\": \"CPU_CLOCKS_UNHALTED\","
        "  \"counter\": \"PMC0\"},"
        " {\"metric\": \"l1d_fill_demand\","
        "  \"event\": \"DATA_CACHE_REFILLS_ALL\", \"counter\": \"PMC2\"},"
        " {\"metric\": \"nonsense\", \"event\": \"NO_SUCH_EVENT\","
        "  \"counter\": \"PMC3\"}]";

/* Registers advance by 1000 x (CPU + 1) x (counter + 1) per interval. */
static void count_with_real_library(void)
{
	static const unsigned swapped[] = { 1, 0 };

	wrapper_fake_msr(script, "");
	struct rm_likwid_helper *helper = start();
	struct outcome outcome = count(helper, three, 2, cpus01);

	if (outcome.open)
		printf("# %s\n", outcome.error.text);
	CHECK(!outcome.open && !outcome.start && !outcome.stop,
	        "the real liblikwid starts on simulated registers");
	CHECK(value_at(&outcome, 0, 0) == 1000 &&
	                value_at(&outcome, 0, 1) == 2000 &&
	                total_at(&outcome, 0) == 3000,
	        "real liblikwid: exact counts of PMC0 on CPUs 0 and 1");
	CHECK(value_at(&outcome, 1, 0) == 3000 &&
	                value_at(&outcome, 1, 1) == 6000,
	        "real liblikwid: exact counts of PMC2 on CPUs 0 and 1");
	CHECK(total_at(&outcome, 2) == -1 &&
	                event_has(&outcome, 2, "invalid",
	                        "does not accept the event NO_SUCH_EVENT"),
	        "real liblikwid: an unknown event is not a value, not 0");
	json_decref(outcome.result);
	outcome = count(helper, two, 2, swapped);
	CHECK(!outcome.open && value_at(&outcome, 0, 0) == 2000 &&
	                value_at(&outcome, 1, 0) == 4000,
	        "real liblikwid counts other CPUs and events");
	json_decref(outcome.result);
	rm_likwid_helper_stop(helper);
}

static void count_without_pmu(void)
{
	wrapper_fake_msr(script, "FAKE_STUCK=1");
	struct rm_likwid_helper *helper = start();
	struct outcome outcome = count(helper, three, 1, cpus01);

	CHECK(!outcome.open && total_at(&outcome, 0) == -1 &&
	                event_has(&outcome, 0, "invalid", "stayed at 0"),
	        "real liblikwid with constant registers gives no value");
	CHECK(total_at(&outcome, 1) == -1 &&
	                event_has(&outcome, 1, "invalid", "stayed at 0"),
	        "0 fills with 0 cycles are null");
	json_decref(outcome.result);
	rm_likwid_helper_stop(helper);
}

/* Returns why the real library cannot be tested, or NULL. The topology file is
   for two CPUs and in the format of liblikwid 5.2. */
static const char *why_skip_real(void)
{
	void *library = dlopen("liblikwid.so.5.2", RTLD_LAZY);

	if (!library)
		return "liblikwid 5.2 is not installed";
	dlclose(library);
	return sysconf(_SC_NPROCESSORS_CONF) < 2 ? "needs two CPUs" : NULL;
}

int main(void)
{
	if (!mkdtemp(folder))
		abort();
	snprintf(script, sizeof(script), "%s/helper", folder);
	const char *why = why_skip_real();
	if (why) {
		SKIP("the real liblikwid counts on simulated registers", why);
	} else {
		count_with_real_library();
		count_without_pmu();
	}
	report_failures();
	report_missing_libraries();
	find_library_by_path();
	drop_output();
	reject_impossible_values();
	report_crash_in_window();
	recover_after_exit();
	give_up_after_three();
	serve_one_trial();
	reject_cpus();
	avoid_measured_cpu();
	report_missing_helper();
	leave_no_orphans();
	return DONE();
}
