/* SPDX-License-Identifier: Apache-2.0 */
/* test_folder.c - a campaign's folder: its files, its owner, its links. */
#include "runner/base/file.h"
#include "runner/campaign/internal.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/file.h>
#include <sys/stat.h>

static char root[64];
static struct rm_error error;

static void forget(void)
{
	error.text[0] = '\0';
}

static bool says(const char *words)
{
	if (strstr(error.text, words))
		return true;
	printf("# said: %s\n", error.text);
	return false;
}

/* Whether a file holds this text; NULL: it is not there. */
static bool holds(const char *path, const char *text)
{
	char read[256] = "";
	FILE *file = fopen(path, "r");

	if (!file || !text)
		return !file && !text;
	read[fread(read, 1, sizeof(read) - 1, file)] = '\0';
	fclose(file);
	return !strcmp(read, text);
}

static bool is_folder(const char *path)
{
	struct stat found;

	return !lstat(path, &found) && S_ISDIR(found.st_mode);
}

static void paths(void)
{
	char path[RM_PATH_BYTES], longest[RM_PATH_BYTES];

	CHECK(rm_path_join(path, "a/b", "c", &error) == 0 &&
	                !strcmp(path, "a/b/c"),
	        "a folder and a name are a path");
	memset(longest, 'x', sizeof(longest));
	longest[RM_PATH_BYTES - 3] = '\0';
	CHECK(rm_path_join(path, longest, "y", &error) == 0 &&
	                strlen(path) == RM_PATH_BYTES - 1,
	        "of 4095 bytes at most");
	forget();
	CHECK(rm_path_join(path, longest, "yz", &error) == -ENAMETOOLONG &&
	                says("too long"),
	        "one more is refused");
	CHECK(!strcmp(rm_folder_name("a/b/c"), "c") &&
	                !strcmp(rm_folder_name("c"), "c") &&
	                !strcmp(rm_folder_name("a/"), ""),
	        "the name is what follows the last slash");
}

static void folders_are_made(void)
{
	char path[RM_PATH_BYTES], longest[RM_PATH_BYTES + 8];

	CHECK(rm_folder_make("deep/er/est", &error) == 0 &&
	                is_folder("deep/er/est"),
	        "a folder is made with those above it");
	CHECK(rm_folder_make("d/e/f", &error) == 0 && is_folder("d/e/f"),
	        "also where each has one letter");
	CHECK(rm_folder_make("deep/er", &error) == 0 &&
	                rm_folder_make("deep/er/est/", &error) == 0,
	        "one that is there is fine");
	fake_root_write(root, "file", "text");
	forget();
	CHECK(rm_folder_make("file", &error) == -EEXIST && says("file: "),
	        "a file is none");
	forget();
	CHECK(rm_folder_make("file/below", &error) == -ENOTDIR,
	        "nor has it one below it");
	memset(longest, 'x', sizeof(longest));
	longest[RM_PATH_BYTES] = '\0';
	CHECK(rm_folder_make(longest, &error) == -ENAMETOOLONG,
	        "a path that does not fit is not cut");
	CHECK(rm_folder_own(path, "deep", "own", &error) == 0 &&
	                !strcmp(path, "deep/own") && is_folder(path) &&
	                rm_folder_own(path, "deep", "own", &error) == 0,
	        "a folder of the campaign's own is made, once");
	if (symlink("er", "deep/link"))
		abort();
	forget();
	CHECK(rm_folder_own(path, "deep", "link", &error) == -ELOOP &&
	                says("deep/link: a symbolic link"),
	        "one that is a link is not its own");
}

static void files_are_replaced(void)
{
	struct stat before, after;

	CHECK(rm_file_replace("deep", "f", "one", 3, &error) == 0 &&
	                holds("deep/f", "one") && holds("deep/f.new", NULL),
	        "a file is written, and nothing is left beside it");
	fake_root_write(root, "deep/f.new", "what a crash left");
	stat("deep/f", &before);
	CHECK(rm_file_replace("deep", "f", "two!", 4, &error) == 0 &&
	                holds("deep/f", "two!") &&
	                stat("deep/f", &after) == 0 &&
	                before.st_ino != after.st_ino,
	        "it is another file, whatever a crash left");
	if (symlink("../file", "deep/f.new"))
		abort();
	CHECK(rm_file_replace("deep", "f", "", 0, &error) == 0 &&
	                holds("deep/f", "") && holds("file", "text"),
	        "nothing is written through a link");
	forget();
	CHECK(rm_file_replace("deep", "er", "x", 1, &error) == -EISDIR &&
	                says("deep/er: cannot be written") &&
	                is_folder("deep/er") && holds("deep/er.new", NULL),
	        "what cannot be replaced stays, and nothing is left");
	forget();
	CHECK(rm_file_replace("none", "f", "x", 1, &error) == -ENOENT &&
	                says("none/f: cannot be written"),
	        "without a folder there is no file");
}

static void files_of_its_own(void)
{
	int fd = rm_file_own("deep/made", O_RDWR);

	CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC &&
	                holds("deep/made", ""),
	        "a file is made where there is none, and not inherited");
	close(fd);
	if (symlink("made", "deep/to-made"))
		abort();
	CHECK(rm_file_own("deep/to-made", O_RDWR) == -ELOOP,
	        "a link is not followed");
}

/* What rm_lines_read() tells: "1 one,", and "!" where it is torn. */
static int take_line(void *context, size_t number, const char *text,
        size_t size, bool is_torn)
{
	char *told = context;

	sprintf(told + strlen(told), "%zu %.*s%s,", number, (int)size, text,
	        is_torn ? "!" : "");
	return size == 4 && !memcmp(text, "stop", 4) ? 7 : 0;
}

static bool lines_are(const char *text, int result, const char *expected)
{
	char told[256] = "";

	fake_root_write(root, "lines", text);
	if (rm_lines_read("lines", take_line, told, &error) == result &&
	        !strcmp(told, expected))
		return true;
	printf("# told: %s\n", told);
	return false;
}

static void lines_are_read(void)
{
	char told[16] = "";

	CHECK(lines_are("one\n\nthree\n", 0, "1 one,2 ,3 three,"),
	        "lines are numbered from one");
	CHECK(lines_are("one\ntor", 0, "1 one,2 tor!,") && lines_are("", 0, ""),
	        "the last one is torn where it has no end");
	CHECK(lines_are("a\nstop\nb\n", 7, "1 a,2 stop,"),
	        "what is not 0 ends the reading and is returned");
	forget();
	CHECK(rm_lines_read("no-lines", take_line, told, &error) == -ENOENT &&
	                says("no-lines: cannot be read"),
	        "a file that is not there is named");
}

/* CRC-32 of "123456789" is cbf43926, the check value of its catalogues. */
static void checksums(void)
{
	char sum[RM_CRC32_TEXT], *sealed;
	json_t *line = json_pack("{s:i}", "a", 1);
	size_t size;

	rm_crc32("123456789", 9, sum);
	CHECK(!strcmp(sum, "cbf43926"), "the check value of CRC-32");
	rm_crc32("", 0, sum);
	CHECK(!strcmp(sum, "00000000"), "of nothing it has eight digits");
	fake_root_write(root, "digits", "123456789");
	CHECK(rm_crc32_file("digits", sum) == 0 && !strcmp(sum, "cbf43926") &&
	                rm_crc32_file("no-digits", sum) == -ENOENT,
	        "a file has that of its bytes");
	sealed = rm_line_seal(line);
	size = strlen(sealed) - 1;
	/* python3 -c 'import zlib; print(hex(zlib.crc32(b"{\"a\":1")))' */
	CHECK(!strcmp(sealed, "{\"a\":1,\"crc32\":\"a702fc6e\"}\n"),
	        "a line is sealed over the bytes before its sum");
	CHECK(rm_line_check(sealed, size) == RM_SEAL_WHOLE, "it is whole");
	sealed[5] = '2';
	CHECK(rm_line_check(sealed, size) == RM_SEAL_BROKEN,
	        "changed it is broken");
	sealed[5] = '1';
	CHECK(rm_line_check(sealed + 5, size - 5) == RM_SEAL_BROKEN &&
	                rm_line_check(sealed + 6, size - 6) == RM_SEAL_BROKEN &&
	                rm_line_check(sealed + 7, size - 7) == RM_SEAL_NONE,
	        "so is what is cut, down to the seal");
	CHECK(rm_line_check(sealed, size - 1) == RM_SEAL_NONE &&
	                rm_line_check("{\"a\":1}", 7) == RM_SEAL_NONE &&
	                rm_line_check("", 0) == RM_SEAL_NONE,
	        "a line without a seal has none");
	memcpy(sealed + size - 2, "' ", 2);
	CHECK(rm_line_check(sealed, size) == RM_SEAL_NONE,
	        "one whose end is another has none");
	memcpy(sealed + size - 2, "\"}", 2);
	sealed[size - 19] = ';';
	CHECK(rm_line_check(sealed, size) == RM_SEAL_NONE,
	        "nor has one that begins otherwise");
	free(sealed);
	json_decref(line);
}

static void one_owner(void)
{
	char pid[32];
	int fd = rm_folder_lock("deep", &error), again;

	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	CHECK(fd >= 0 && holds("deep/lock", pid) &&
	                fcntl(fd, F_GETFD) == FD_CLOEXEC,
	        "the lock holds its owner's number");
	forget();
	snprintf(pid, sizeof(pid), "process %d runs", (int)getpid());
	CHECK(rm_folder_lock("deep", &error) == -EBUSY && says(pid),
	        "a second owner is refused and told the first");
	fake_root_write(root, "deep/lock", "x\n");
	forget();
	CHECK(rm_folder_lock("deep", &error) == -EBUSY && says("(unknown)"),
	        "who left no number is unknown");
	fake_root_write(root, "deep/lock", "99999999999999999999999\n");
	close(fd);
	again = rm_folder_lock("deep", &error);
	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	CHECK(again >= 0 && holds("deep/lock", pid),
	        "closed it is free, and its number is the new one's alone");
	close(again);
	forget();
	CHECK(rm_folder_lock("none", &error) == -ENOENT &&
	                says("none/lock: cannot be opened"),
	        "where there is no folder there is no lock");
}

/* What results/latest leads to. */
static bool latest_is(const char *link, const char *name)
{
	char to[RM_PATH_BYTES] = "";

	if (readlink(link, to, sizeof(to) - 1) < 0)
		return !name;
	return name && !strcmp(to, name);
}

static void the_latest(void)
{
	char path[RM_PATH_BYTES];

	mkdir("results", 0755);
	mkdir("results/a", 0755);
	mkdir("results/b", 0755);
	mkdir("results/a/c", 0755);
	CHECK(rm_folder_link_latest("results/a", &error) == 0 &&
	                latest_is("results/latest", "a"),
	        "the latest of results is linked by its name");
	CHECK(rm_folder_link_latest("results/b//", &error) == 0 &&
	                latest_is("results/latest", "b") &&
	                latest_is("results/.latest.new", NULL),
	        "another takes its place, whatever slashes follow");
	CHECK(rm_folder_link_latest("deep", &error) == 0 &&
	                latest_is("latest", NULL) &&
	                rm_folder_link_latest("results/a/c", &error) == 0 &&
	                latest_is("results/a/latest", NULL) &&
	                latest_is("results/latest", "b"),
	        "elsewhere there is none, and that is no error");
	if (symlink("results/a", "far") || chdir("results/a"))
		abort();
	CHECK(rm_folder_link_latest(".", &error) == 0 &&
	                latest_is("../latest", "a"),
	        "a path that leads there is enough");
	if (chdir("../.."))
		abort();
	rm_folder_link_latest("results/b", &error);
	CHECK(rm_folder_link_latest("far", &error) == 0 &&
	                latest_is("results/latest", "a"),
	        "so is a link");
	CHECK(rm_folder_link_latest("results/latest", &error) == 0 &&
	                latest_is("results/latest", "a") &&
	                rm_folder_link_latest("results/latest/", &error) == 0 &&
	                latest_is("results/latest", "a"),
	        "what is given as the latest stays it");
	forget();
	CHECK(rm_folder_link_latest("results/gone", &error) == -ENOENT &&
	                says("results/gone: ") &&
	                latest_is("results/latest", "a"),
	        "a folder that is not there is not linked");
	unlink("results/latest");
	mkdir("results/latest", 0755);
	snprintf(path, sizeof(path), "results/latest/x");
	mkdir(path, 0755);
	forget();
	CHECK(rm_folder_link_latest("results/a", &error) < 0 &&
	                says("results/latest: cannot link"),
	        "what stands in the way is told");
}

static void new_folders(void)
{
	char path[RM_PATH_BYTES];
	const time_t day = 86400 + 7 * 3600 + 5 * 60 + 59;

	CHECK(rm_folder_new("quick", "amd", day, path, &error) == 0 &&
	                !strcmp(path, "results/1970-01-02T0705-quick-amd") &&
	                is_folder(path),
	        "a new folder has minute, mode and machine as its name");
	CHECK(rm_folder_new("quick", "amd", day, path, &error) == 0 &&
	                !strcmp(path, "results/1970-01-02T0705-quick-amd-2") &&
	                is_folder(path) &&
	                rm_folder_new("quick", "amd", day, path, &error) == 0 &&
	                !strcmp(path, "results/1970-01-02T0705-quick-amd-3"),
	        "a second one of the minute is -2, a third one -3");
}

static void what_a_campaign_is(void)
{
	json_t *json = NULL;

	fake_root_write(root, "bad/x.json", "{\"a\": 1,\n\"a\": 2}\n");
	forget();
	CHECK(rm_folder_json("bad", "x.json", &json, &error) == -EINVAL &&
	                !json && says("bad/x.json:2: "),
	        "a member that stands twice is told with its line");
	forget();
	CHECK(rm_folder_json("bad", "y.json", &json, &error) == -ENOENT &&
	                !error.text[0],
	        "a file that is not there is nobody's mistake");
	fake_root_write(root, "bad/z.json", "{\"a\": 3}");
	CHECK(rm_folder_json("bad", "z.json", &json, &error) == 0 &&
	                json_integer_value(json_object_get(json, "a")) == 3,
	        "one that is there is read");
	json_decref(json);
	json = NULL;
	forget();
	CHECK(rm_folder_campaign("bad", &json, &error) == -ENOENT && !json &&
	                says("bad/campaign.json: cannot be read"),
	        "a folder without campaign.json is none of a campaign");
	fake_root_write(root, "bad/campaign.json", "{\"format\": 2}");
	forget();
	CHECK(rm_folder_campaign("bad", &json, &error) == -EINVAL && !json &&
	                says("\"format\" is not 1"),
	        "nor is one of another format");
	fake_root_write(root, "bad/campaign.json", "{\"format\": 1}");
	forget();
	CHECK(rm_folder_campaign("bad", &json, &error) == -EINVAL && !json &&
	                says("bad/campaign.json"),
	        "nor one of no protocol");
}

/* A campaign that is to begin where a campaign.json lies that is none. */
static bool is_refused(struct rm_prepared *prepared)
{
	char path[] = "some.conf", *files[] = { path };
	const struct rm_wishes wishes = { .dir = "bad",
		.sources = { .files = files, .file_count = 1 } };

	*prepared = (struct rm_prepared){ .resumed = false };
	forget();
	return rm_prepare(&wishes, prepared, &error) == -EINVAL &&
	       says("bad/campaign.json");
}

static size_t of_a_topology(void)
{
	const size_t held = mallinfo2().uordblks;
	struct rm_topology topology;

	if (rm_topology_load(NULL, &topology, &error))
		abort();
	const size_t more = mallinfo2().uordblks - held;

	rm_topology_free(&topology);
	return more;
}

/* The first calls fill what malloc() keeps for later ones of their sizes. */
static void what_is_refused_keeps_nothing(void)
{
	enum { FILLING = 8, CALLS = 16 };
	const size_t one = of_a_topology();
	struct rm_prepared prepared;
	size_t held = 0;
	bool refused = true;

	fake_root_write(
	        root, "some.conf", "writes = 3%\nkeys = 64\nthreads = 1\n");
	for (unsigned i = 0; i < FILLING + CALLS; i++) {
		if (i == FILLING)
			held = mallinfo2().uordblks;
		refused = is_refused(&prepared) && refused;
		rm_prepared_clear(&prepared);
	}
	CHECK(refused, "no campaign begins where such a file lies");
	CHECK(mallinfo2().uordblks <= held + one,
	        "sixteen that did not hold no more than the topology of one");
}

/* A program in the root's bin/, which is all of PATH. */
static void install(const char *name, const char *script)
{
	char path[32], text[512];

	snprintf(path, sizeof(path), "bin/%s", name);
	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);
	fake_root_write(root, path, text);
	if (chmod(path, 0755))
		abort();
}

/* Draws what it was given where nobody listens: the copy of its input, if it is
   called as lstopo is. */
static const char *const draws =
        "[ /dev/stdin -ef /dev/null ] && [ /dev/stdout -ef /dev/null ] &&\n"
        "[ /dev/stderr -ef /dev/null ] && [ ! -e \"$6\" ] &&\n"
        "[ \"$1 $3 $4 $5\" = '--input --output-format svg --force' ] &&\n"
        "read -r line <\"$2\" && echo \"${0##*/} $line\" >\"$6\"";

static void the_drawing(void)
{
	setenv("PATH", "bin", 1);
	fake_root_write(root, "deep/topology.svg", "an old one");
	CHECK(rm_folder_topology("deep", "<x/>\n", &error) == 0 &&
	                holds("deep/topology.xml", "<x/>\n") &&
	                holds("deep/topology.svg", NULL),
	        "without a program that draws there is no drawing");
	install("lstopo-no-graphics", draws);
	unlink("deep/topology.svg");
	if (symlink("../file", "deep/topology.svg"))
		abort();
	CHECK(rm_folder_topology("deep", "<y/>\n", &error) == 0 &&
	                holds("deep/topology.svg",
	                        "lstopo-no-graphics <y/>\n") &&
	                holds("file", "text"),
	        "either of two draws, and through no link");
	install("lstopo", draws);
	CHECK(rm_folder_topology("deep", "<z/>\n", &error) == 0 &&
	                holds("deep/topology.svg", "lstopo <z/>\n"),
	        "lstopo is asked first, and alone where it can");
	install("lstopo", "echo half >\"$6\"; exit 1");
	install("lstopo-no-graphics", "exit 1");
	CHECK(rm_folder_topology("deep", "<z/>\n", &error) == 0 &&
	                holds("deep/topology.svg", NULL),
	        "what a program leaves that fails is no drawing");
	forget();
	CHECK(rm_folder_topology("none", "<z/>\n", &error) == -ENOENT &&
	                says("none/topology.xml"),
	        "where the text cannot be kept is an error");
}

int main(void)
{
	fake_root_enter(root, sizeof(root));
	paths();
	folders_are_made();
	files_are_replaced();
	files_of_its_own();
	lines_are_read();
	checksums();
	one_owner();
	the_latest();
	new_folders();
	what_a_campaign_is();
	what_is_refused_keeps_nothing();
	the_drawing();
	fake_root_remove(root);
	return DONE();
}
