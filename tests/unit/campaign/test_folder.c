/* SPDX-License-Identifier: Apache-2.0 */
/* test_folder.c - a campaign's folder: files, lock and links. */
#include "runner/base/file.h"
#include "runner/base/host.h"
#include "runner/campaign/internal.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <sys/file.h>
#include <sys/stat.h>

static char root[64];
static struct rm_error error;

static void clear_error(void)
{
	error.text[0] = '\0';
}

static bool error_has(const char *words)
{
	if (strstr(error.text, words))
		return true;
	printf("# error: %s\n", error.text);
	return false;
}

/* True if a file has this text or, if the text is NULL, does not exist. */
static bool file_has(const char *path, const char *text)
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

static void join_paths(void)
{
	char path[RM_PATH_BYTES], longest[RM_PATH_BYTES];

	CHECK(rm_path_join(path, "a/b", "c", &error) == 0 &&
	                !strcmp(path, "a/b/c"),
	        "a folder and a name are joined");
	memset(longest, 'x', sizeof(longest));
	longest[RM_PATH_BYTES - 3] = '\0';
	CHECK(rm_path_join(path, longest, "y", &error) == 0 &&
	                strlen(path) == RM_PATH_BYTES - 1,
	        "a path has at most 4095 bytes");
	clear_error();
	CHECK(rm_path_join(path, longest, "yz", &error) == -ENAMETOOLONG &&
	                error_has("too long"),
	        "a longer path is rejected");
	CHECK(!strcmp(rm_folder_name("a/b/c"), "c") &&
	                !strcmp(rm_folder_name("c"), "c") &&
	                !strcmp(rm_folder_name("a/"), ""),
	        "the name follows the last slash");
}

static void make_folders(void)
{
	char path[RM_PATH_BYTES], longest[RM_PATH_BYTES + 8];

	CHECK(rm_folder_make("deep/er/est", &error) == 0 &&
	                is_folder("deep/er/est"),
	        "a folder and its parents are made");
	CHECK(rm_folder_make("d/e/f", &error) == 0 && is_folder("d/e/f"),
	        "folders with names of one letter are made");
	CHECK(rm_folder_make("deep/er", &error) == 0 &&
	                rm_folder_make("deep/er/est/", &error) == 0,
	        "an existing folder is accepted");
	fake_root_write(root, "file", "text");
	clear_error();
	CHECK(rm_folder_make("file", &error) == -EEXIST && error_has("file: "),
	        "a file is rejected");
	clear_error();
	CHECK(rm_folder_make("file/below", &error) == -ENOTDIR,
	        "a folder below a file is rejected");
	memset(longest, 'x', sizeof(longest));
	longest[RM_PATH_BYTES] = '\0';
	CHECK(rm_folder_make(longest, &error) == -ENAMETOOLONG,
	        "a path that does not fit is rejected instead of cut");
	CHECK(rm_folder_make_nofollow(path, "deep", "own", &error) == 0 &&
	                !strcmp(path, "deep/own") && is_folder(path) &&
	                rm_folder_make_nofollow(path, "deep", "own", &error) ==
	                        0,
	        "a folder of the campaign is made once");
	if (symlink("er", "deep/link"))
		abort();
	clear_error();
	CHECK(rm_folder_make_nofollow(path, "deep", "link", &error) == -ELOOP &&
	                error_has("deep/link: a symbolic link"),
	        "a folder that is a link is rejected");
}

static void replace_files(void)
{
	struct stat before, after;

	CHECK(rm_file_replace("deep", "f", "one", 3, &error) == 0 &&
	                file_has("deep/f", "one") &&
	                file_has("deep/f.new", NULL),
	        "a file is written, and no temporary file is left");
	fake_root_write(root, "deep/f.new", "what a crash left");
	stat("deep/f", &before);
	CHECK(rm_file_replace("deep", "f", "two!", 4, &error) == 0 &&
	                file_has("deep/f", "two!") &&
	                stat("deep/f", &after) == 0 &&
	                before.st_ino != after.st_ino,
	        "a new file replaces the old one after a crash");
	if (symlink("../file", "deep/f.new"))
		abort();
	CHECK(rm_file_replace("deep", "f", "", 0, &error) == 0 &&
	                file_has("deep/f", "") && file_has("file", "text"),
	        "nothing is written through a link");
	clear_error();
	CHECK(rm_file_replace("deep", "er", "x", 1, &error) == -EISDIR &&
	                error_has("deep/er: cannot be written") &&
	                is_folder("deep/er") && file_has("deep/er.new", NULL),
	        "a target that cannot be replaced is kept, without a new file");
	clear_error();
	CHECK(rm_file_replace("none", "f", "x", 1, &error) == -ENOENT &&
	                error_has("none/f: cannot be written"),
	        "a missing folder is an error");
}

static void create_files(void)
{
	int fd = rm_file_open_nofollow("deep/made", O_RDWR);

	CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC &&
	                file_has("deep/made", ""),
	        "a file is created and closed on exec");
	close(fd);
	if (symlink("made", "deep/to-made"))
		abort();
	CHECK(rm_file_open_nofollow("deep/to-made", O_RDWR) == -ELOOP,
	        "a link is not followed");
}

/* Appends each line with its number, such as "1 one,", and with "!" if it is
   torn. */
static int append_line(void *context, size_t number, const char *text,
        size_t size, bool is_torn)
{
	char *lines = context;

	sprintf(lines + strlen(lines), "%zu %.*s%s,", number, (int)size, text,
	        is_torn ? "!" : "");
	return size == 4 && !memcmp(text, "stop", 4) ? 7 : 0;
}

static bool lines_are(const char *text, int result, const char *expected)
{
	char lines[256] = "";

	fake_root_write(root, "lines", text);
	if (rm_lines_read("lines", append_line, lines, &error) == result &&
	        !strcmp(lines, expected))
		return true;
	printf("# lines: %s\n", lines);
	return false;
}

static void read_lines(void)
{
	char lines[16] = "";

	CHECK(lines_are("one\n\nthree\n", 0, "1 one,2 ,3 three,"),
	        "lines are numbered from one");
	CHECK(lines_are("one\ntor", 0, "1 one,2 tor!,") && lines_are("", 0, ""),
	        "a last line without a newline is torn");
	CHECK(lines_are("a\nstop\nb\n", 7, "1 a,2 stop,"),
	        "a result other than 0 ends the reading and is returned");
	clear_error();
	CHECK(rm_lines_read("no-lines", append_line, lines, &error) ==
	                        -ENOENT &&
	                error_has("no-lines: cannot be read"),
	        "a missing file is named");
}

/* CRC catalogues give this check value: CRC-32 of "123456789" is cbf43926. */
static void checksums(void)
{
	char sum[RM_CRC32_TEXT], *sealed;
	json_t *line = json_pack("{s:i}", "a", 1);
	size_t size;

	rm_crc32("123456789", 9, sum);
	CHECK(!strcmp(sum, "cbf43926"),
	        "the check value of CRC-32 is as published");
	rm_crc32("", 0, sum);
	CHECK(!strcmp(sum, "00000000"),
	        "the checksum of no bytes has eight digits");
	fake_root_write(root, "digits", "123456789");
	CHECK(rm_crc32_file("digits", sum) == 0 && !strcmp(sum, "cbf43926") &&
	                rm_crc32_file("no-digits", sum) == -ENOENT,
	        "a file's checksum covers its bytes");
	sealed = rm_line_seal(line);
	size = strlen(sealed) - 1;
	/* python3 -c 'import zlib; print(hex(zlib.crc32(b"{\"a\":1")))' */
	CHECK(!strcmp(sealed, "{\"a\":1,\"crc32\":\"a702fc6e\"}\n"),
	        "a line's checksum covers the bytes before it");
	CHECK(rm_line_check(sealed, size) == RM_SEAL_WHOLE,
	        "a line with its checksum is valid");
	sealed[5] = '2';
	CHECK(rm_line_check(sealed, size) == RM_SEAL_BROKEN,
	        "a changed line is detected as broken");
	sealed[5] = '1';
	CHECK(rm_line_check(sealed + 5, size - 5) == RM_SEAL_BROKEN &&
	                rm_line_check(sealed + 6, size - 6) == RM_SEAL_BROKEN &&
	                rm_line_check(sealed + 7, size - 7) == RM_SEAL_NONE,
	        "a line that is cut at its start is broken, until its checksum "
	        "is cut");
	CHECK(rm_line_check(sealed, size - 1) == RM_SEAL_NONE &&
	                rm_line_check("{\"a\":1}", 7) == RM_SEAL_NONE &&
	                rm_line_check("", 0) == RM_SEAL_NONE,
	        "a line without a checksum is recognised");
	memcpy(sealed + size - 2, "' ", 2);
	CHECK(rm_line_check(sealed, size) == RM_SEAL_NONE,
	        "a line with another end has no checksum");
	memcpy(sealed + size - 2, "\"}", 2);
	sealed[size - 19] = ';';
	CHECK(rm_line_check(sealed, size) == RM_SEAL_NONE,
	        "a line whose checksum starts differently has no checksum");
	free(sealed);
	json_decref(line);
}

static void lock_folder(void)
{
	char pid[32];
	int fd = rm_folder_lock("deep", &error), second;

	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	CHECK(fd >= 0 && file_has("deep/lock", pid) &&
	                fcntl(fd, F_GETFD) == FD_CLOEXEC,
	        "the lock contains its owner's process id");
	clear_error();
	snprintf(pid, sizeof(pid), "process %d runs", (int)getpid());
	CHECK(rm_folder_lock("deep", &error) == -EBUSY && error_has(pid),
	        "a second owner is rejected, and the error names the first");
	fake_root_write(root, "deep/lock", "x\n");
	clear_error();
	CHECK(rm_folder_lock("deep", &error) == -EBUSY &&
	                error_has("(unknown)"),
	        "an owner that left no process id is unknown");
	fake_root_write(root, "deep/lock", "99999999999999999999999\n");
	close(fd);
	second = rm_folder_lock("deep", &error);
	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	CHECK(second >= 0 && file_has("deep/lock", pid),
	        "a released lock is free, and only the new process id is left");
	close(second);
	clear_error();
	CHECK(rm_folder_lock("none", &error) == -ENOENT &&
	                error_has("none/lock: cannot be opened"),
	        "a missing folder cannot be locked");
}

/* True if the link leads to `name` or, if `name` is NULL, does not exist. */
static bool latest_is(const char *link, const char *name)
{
	char to[RM_PATH_BYTES] = "";

	if (readlink(link, to, sizeof(to) - 1) < 0)
		return !name;
	return name && !strcmp(to, name);
}

static void link_latest(void)
{
	char path[RM_PATH_BYTES];

	mkdir("results", 0755);
	mkdir("results/a", 0755);
	mkdir("results/b", 0755);
	mkdir("results/a/c", 0755);
	CHECK(rm_folder_link_latest("results/a", &error) == 0 &&
	                latest_is("results/latest", "a"),
	        "results/latest links to the folder's name");
	CHECK(rm_folder_link_latest("results/b//", &error) == 0 &&
	                latest_is("results/latest", "b") &&
	                !system("! ls -A results | grep -q new"),
	        "a later folder replaces the link, with any number of slashes");
	CHECK(rm_folder_link_latest("deep", &error) == 0 &&
	                latest_is("latest", NULL) &&
	                rm_folder_link_latest("results/a/c", &error) == 0 &&
	                latest_is("results/a/latest", NULL) &&
	                latest_is("results/latest", "b"),
	        "other folders get neither a link nor an error");
	if (symlink("results/a", "far") || chdir("results/a"))
		abort();
	CHECK(rm_folder_link_latest(".", &error) == 0 &&
	                latest_is("../latest", "a"),
	        "a relative path is resolved");
	if (chdir("../.."))
		abort();
	rm_folder_link_latest("results/b", &error);
	CHECK(rm_folder_link_latest("far", &error) == 0 &&
	                latest_is("results/latest", "a"),
	        "a link is resolved");
	CHECK(rm_folder_link_latest("results/latest", &error) == 0 &&
	                latest_is("results/latest", "a") &&
	                rm_folder_link_latest("results/latest/", &error) == 0 &&
	                latest_is("results/latest", "a"),
	        "results/latest itself stays unchanged");
	clear_error();
	CHECK(rm_folder_link_latest("results/gone", &error) == -ENOENT &&
	                error_has("results/gone: ") &&
	                latest_is("results/latest", "a"),
	        "a missing folder is not linked");
	unlink("results/latest");
	mkdir("results/latest", 0755);
	snprintf(path, sizeof(path), "results/latest/x");
	mkdir(path, 0755);
	clear_error();
	CHECK(rm_folder_link_latest("results/a", &error) < 0 &&
	                error_has("results/latest: cannot link"),
	        "a folder in place of the link is reported");
}

static void make_new_folders(void)
{
	char path[RM_PATH_BYTES];
	const time_t day = 86400 + 7 * 3600 + 5 * 60 + 59;

	CHECK(rm_folder_new("quick", "amd", day, path, &error) == 0 &&
	                !strcmp(path, "results/1970-01-02T0705-quick-amd") &&
	                is_folder(path),
	        "a new folder's name has minute, mode and machine");
	CHECK(rm_folder_new("quick", "amd", day, path, &error) == 0 &&
	                !strcmp(path, "results/1970-01-02T0705-quick-amd-2") &&
	                is_folder(path) &&
	                rm_folder_new("quick", "amd", day, path, &error) == 0 &&
	                !strcmp(path, "results/1970-01-02T0705-quick-amd-3"),
	        "the second folder of a minute is -2, the third -3");
}

static void read_json_files(void)
{
	json_t *json = NULL;

	fake_root_write(root, "bad/x.json", "{\"a\": 1,\n\"a\": 2}\n");
	clear_error();
	CHECK(rm_folder_json("bad", "x.json", &json, &error) == -EINVAL &&
	                !json && error_has("bad/x.json:2: "),
	        "a duplicate member is reported with its line");
	clear_error();
	CHECK(rm_folder_json("bad", "y.json", &json, &error) == -ENOENT &&
	                !error.text[0],
	        "a missing file is -ENOENT without an error text");
	fake_root_write(root, "bad/z.json", "{\"a\": 3}");
	CHECK(rm_folder_json("bad", "z.json", &json, &error) == 0 &&
	                json_integer_value(json_object_get(json, "a")) == 3,
	        "an existing file is read");
	json_decref(json);
	json = NULL;
	clear_error();
	CHECK(rm_folder_campaign("bad", &json, &error) == -ENOENT && !json &&
	                error_has("bad: no campaign.json, expected the folder"),
	        "a folder without campaign.json is reported");
	fake_root_write(root, "bad/campaign.json", "{\"format\": 2}");
	clear_error();
	CHECK(rm_folder_campaign("bad", &json, &error) == -EINVAL && !json &&
	                error_has("\"format\" is not 1"),
	        "another format is rejected");
	fake_root_write(root, "bad/campaign.json", "{\"format\": 1}");
	clear_error();
	CHECK(rm_folder_campaign("bad", &json, &error) == -EINVAL && !json &&
	                error_has("bad/campaign.json"),
	        "a campaign without a protocol is rejected");
}

/* True if a campaign in a folder with an invalid campaign.json is rejected. */
static bool is_refused(struct rm_prepared *prepared)
{
	char path[] = "some.conf", *files[] = { path };
	const struct rm_run_options wishes = { .dir = "bad",
		.sources = { .files = files, .file_count = 1 } };

	*prepared = (struct rm_prepared){ .resumed = false };
	clear_error();
	return rm_prepare(&wishes, prepared, &error) == -EINVAL &&
	       error_has("bad/campaign.json");
}

static size_t topology_heap_bytes(void)
{
	const size_t held = mallinfo2().uordblks;
	struct rm_topology topology;

	if (rm_topology_load(NULL, &topology, &error))
		abort();
	const size_t more = mallinfo2().uordblks - held;

	rm_topology_free(&topology);
	return more;
}

/* The first calls fill the caches of malloc(). */
static void free_rejected_campaigns(void)
{
	enum { FILLING = 8, CALLS = 16 };
	const size_t topology_bytes = topology_heap_bytes();
	struct rm_prepared prepared;
	size_t held = 0;
	bool refused = true;
	char maps[PATH_MAX];

	/* in the folder of this program, like the maps of readmostly */
	mkdir(rm_host_sibling_path("maps", maps, sizeof(maps)), 0777);
	fake_root_write(
	        root, "some.conf", "writes = 3%\nkeys = 64\nthreads = 1\n");
	for (unsigned i = 0; i < FILLING + CALLS; i++) {
		if (i == FILLING)
			held = mallinfo2().uordblks;
		refused = is_refused(&prepared) && refused;
		rm_prepared_clear(&prepared);
	}
	CHECK(refused, "a folder with an invalid campaign.json is rejected");
	CHECK(mallinfo2().uordblks <= held + topology_bytes,
	        "sixteen rejected campaigns leak less than one topology");
}

/* Installs a program in bin/, the only folder of PATH. */
static void install_program(const char *name, const char *script)
{
	char path[32], text[512];

	snprintf(path, sizeof(path), "bin/%s", name);
	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);
	fake_root_write(root, path, text);
	if (chmod(path, 0755))
		abort();
}

/* The program checks that it is called like lstopo with all streams redirected,
   and copies its input to its output. */
static const char *const lstopo_script =
        "[ /dev/stdin -ef /dev/null ] && [ /dev/stdout -ef /dev/null ] &&\n"
        "[ /dev/stderr -ef /dev/null ] && [ ! -e \"$6\" ] &&\n"
        "[ \"$1 $3 $4 $5\" = '--input --output-format svg --force' ] &&\n"
        "read -r line <\"$2\" && echo \"${0##*/} $line\" >\"$6\"";

static void draw_topology(void)
{
	setenv("PATH", "bin", 1);
	fake_root_write(root, "deep/topology.svg", "an old one");
	CHECK(rm_folder_topology("deep", "<x/>\n", &error) == 0 &&
	                file_has("deep/topology.xml", "<x/>\n") &&
	                file_has("deep/topology.svg", NULL),
	        "without lstopo nothing is drawn");
	install_program("lstopo-no-graphics", lstopo_script);
	unlink("deep/topology.svg");
	if (symlink("../file", "deep/topology.svg"))
		abort();
	CHECK(rm_folder_topology("deep", "<y/>\n", &error) == 0 &&
	                file_has("deep/topology.svg",
	                        "lstopo-no-graphics <y/>\n") &&
	                file_has("file", "text"),
	        "lstopo-no-graphics draws, but not through a link");
	install_program("lstopo", lstopo_script);
	CHECK(rm_folder_topology("deep", "<z/>\n", &error) == 0 &&
	                file_has("deep/topology.svg", "lstopo <z/>\n"),
	        "lstopo is tried first");
	install_program("lstopo", "echo half >\"$6\"; exit 1");
	install_program("lstopo-no-graphics", "exit 1");
	CHECK(rm_folder_topology("deep", "<z/>\n", &error) == 0 &&
	                file_has("deep/topology.svg", NULL),
	        "the output of a failed program is removed");
	clear_error();
	CHECK(rm_folder_topology("none", "<z/>\n", &error) == -ENOENT &&
	                error_has("none/topology.xml"),
	        "a topology that cannot be written is an error");
}

int main(void)
{
	fake_root_enter(root, sizeof(root));
	join_paths();
	make_folders();
	replace_files();
	create_files();
	read_lines();
	checksums();
	lock_folder();
	link_latest();
	make_new_folders();
	read_json_files();
	free_rejected_campaigns();
	draw_topology();
	fake_root_remove(root);
	return DONE();
}
