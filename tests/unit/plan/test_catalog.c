/* SPDX-License-Identifier: Apache-2.0 */
/* test_catalog.c - reads a folder `maps` of this test: descriptions, names, and
   whether maps can be simulated. */
#include "runner/base/checksum.h"
#include "runner/base/host.h"
#include "runner/catalog/catalog.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <sys/stat.h>

#define MAP(contract, members)                                                \
	"{\"contract\": " contract ", \"label\": \"l\", \"family\": \"lock\"" \
	", \"sync\": \"s\", \"source\": \"o\", \"system\": \"y\""             \
	", \"guarantees\": \"none\", \"progress\": \"blocking\""              \
	", \"dispatch\": \"none\", \"operations\": [\"scan\"]"                \
	", \"loops\": []" members "}"

#define NAMES "# {\"format\":\"readmostly-maps\"}\n"

static char root[64], program[128];
static struct rm_catalog catalog;
static struct rm_error error;

static int load(void)
{
	rm_catalog_clear(&catalog);
	error.text[0] = '\0';
	return rm_catalog_load(program, &catalog, &error);
}

static int put_text(FILE *out, const void *text)
{
	return fputs(text, out) < 0 ? -EIO : 0;
}

static void write_sealed(const char *path, const char *text)
{
	char *sealed = NULL;
	size_t size;
	FILE *out = open_memstream(&sealed, &size);

	if (!out || rm_text_seal(out, put_text, text) || fclose(out))
		abort();
	fake_root_write(root, path, sealed);
	free(sealed);
}

static void no_folder_is_empty(void)
{
	CHECK(load() == 0 && catalog.count == 0 && catalog.name_count == 0,
	        "a folder that does not exist is an empty catalog");
}

static void maps_are_read(void)
{
	const struct rm_map_info *map;

	write_sealed("maps/plain/a_b.json",
	        MAP("1", ", \"id\": \"z\", \"shapes\": [\"str16x8\"]"
	                 ", \"caps\": [\"unsafe\", \"stale\"]"));
	write_sealed("maps/plain/ab.json",
	        MAP("1", ", \"id\": \"go_x\", \"shapes\": [\"u64x8\"]"
	                 ", \"caps\": [], \"language\": \"go\""
	                 ", \"measured_loops\": [\"mix\"]"
	                 ", \"start_ms\": 7, \"warm_up_most\": 3"
	                 ", \"value_most_bytes\": 64"));
	fake_root_write(root, "maps/plain/ab", "a program");
	CHECK(load() == 0 && catalog.count == 1,
	        "a description without its program is not read");
	fake_root_write(root, "maps/plain/a_b", "a program");
	CHECK(load() == 0 && catalog.count == 2 &&
	                !strcmp(catalog.maps[0].id, "go_x") &&
	                !strcmp(catalog.maps[1].id, "z"),
	        "descriptions are read, sorted by map id");
	map = rm_catalog_find(&catalog, "z");
	CHECK(map && map->shapes == 1U << rm_shape_index(RM_STR16X8) &&
	                map->caps == (RM_CAP_UNSAFE | RM_CAP_STALE) &&
	                map->is_map && !map->language && !map->misuse,
	        "shapes and caps are bits");
	CHECK(map && rm_map_info_has(map, "operations", "scan") &&
	                !rm_map_info_has(map, "operations", "length") &&
	                !rm_map_info_has(map, "loops", "scan"),
	        "lists are searched for words");
	map = rm_catalog_find(&catalog, "go_x");
	CHECK(map && !strcmp(map->language, "go") &&
	                rm_map_info_has(map, "measured_loops", "mix") &&
	                map->start_ms == 7 && map->warm_up_most == 3 &&
	                map->value_most == 64,
	        "properties of maps in other languages are read");
	CHECK(!rm_catalog_find(&catalog, "ab"),
	        "the id is not derived from the file name");
}

static bool refused(const char *text, const char *words)
{
	int failed;

	write_sealed("maps/plain/ab.json", text);
	failed = load();
	if (failed == -EINVAL && strstr(error.text, "/maps/plain/ab.json") &&
	        strstr(error.text, words))
		return true;
	printf("# %d %s\n", failed, error.text);
	return false;
}

static void invalid_descriptions(void)
{
	CHECK(refused("{\"a\":1}\n\n!", "ab.json:3: "),
	        "invalid JSON is rejected with its line");
	CHECK(refused(MAP("1", ", \"shapes\": [], \"caps\": []"),
	              "json: id: expected") &&
	                refused(MAP("1", ", \"id\": \"a\", \"caps\": []"
	                                 ", \"shapes\": [1]"),
	                        "json: shapes: expected"),
	        "a missing member, or one of the wrong type, is named");
	CHECK(refused(MAP("2", ", \"id\": \"a\", \"shapes\": [], \"caps\": []"),
	              "contract version 1; build the map again"),
	        "a description of another contract version is rejected");
	fake_root_write(root, "maps/plain/ab.json", "{}");
	CHECK(load() == -EINVAL && strstr(error.text, "ab.json: damaged"),
	        "a description without a checksum is rejected");
	write_sealed("maps/plain/ab.json",
	        MAP("1", ", \"id\": \"a\", \"shapes\": [], \"caps\": []"));
	CHECK(load() == 0, "a description of this version is accepted");
}

static bool is_refused_with(const char *id, const char *words)
{
	int status;

	error.text[0] = '\0';
	status = rm_catalog_explain(&catalog, id, &error);
	if (status == RM_USAGE && strstr(error.text, words))
		return true;
	printf("# %d %s\n", status, error.text);
	return false;
}

static void names_are_read(void)
{
	const struct rm_map_name *name;

	write_sealed("maps/names.tsv",
	        NAMES "bad\tb.c\tbuilt,misuse\t\t\n"
	              "go_y\tg.tsv\tbuilt,language\tgo\t\n"
	              "peer\tp.c\tmissing,sized\tlibck\tpackages: libck-dev\n");
	CHECK(load() == 0 && catalog.name_count == 3, "names are read");
	name = rm_catalog_name(&catalog, "peer");
	CHECK(name && name->missing && !name->misuse && !name->other_language &&
	                !strcmp(name->needs, "libck") &&
	                !strcmp(name->remedy, "packages: libck-dev"),
	        "requirements and remedies are read");
	name = rm_catalog_name(&catalog, "bad");
	CHECK(name && name->misuse && !name->missing &&
	                rm_catalog_name(&catalog, "go_y")->other_language &&
	                !rm_catalog_name(&catalog, "pee"),
	        "injected bugs and other languages are marked");
	CHECK(is_refused_with("peer", "needs libck (packages: libck-dev)") &&
	                is_refused_with(
	                        "bad", "make programs NEEDED=plain/bad") &&
	                is_refused_with("none", "no map is called \"none\""),
	        "the error names the next step");
	write_sealed("maps/names.tsv", NAMES "a\tb\tbuilt\t\t\nb\tc\n");
	CHECK(load() == -EINVAL && strstr(error.text, "/maps/names.tsv:3: "),
	        "a line with missing columns is rejected with its number");
	fake_root_write(root, "maps/names.tsv", "");
	CHECK(load() == -EINVAL && strstr(error.text, "names.tsv: damaged"),
	        "an empty list is not a tree without maps");
}

/* Uses the folder of this test. The ids do not belong to maps. */
static void simulated_maps(void)
{
	char why[256] = "old", path[RM_PROGRAM_BYTES];
	char no[RM_PROGRAM_BYTES + 4];
	const char *slash;
	FILE *file;

	CHECK(!rm_map_has_sim_program("no_map", why, sizeof(why)) &&
	                strstr(why, "NEEDED=sim/no_map"),
	        "a program that is not built cannot be run");
	rm_map_program("sim", "test_catalog_no", path);
	slash = strrchr(path, '/');
	snprintf(no, sizeof(no), "mkdir -p '%.*s'", (int)(slash - path), path);
	if (system(no))
		abort();
	snprintf(no, sizeof(no), "%s.no", path);
	file = fopen(no, "w");
	if (!file || fputs("it calls futex\nmore\n", file) < 0 || fclose(file))
		abort();
	CHECK(!rm_map_has_sim_program("test_catalog_no", why, sizeof(why)) &&
	                !strcmp(why, "it calls futex"),
	        "the first line of ID.no is the reason");
	CHECK(!rm_map_has_sim_program("test_catalog_no", why, 5) &&
	                !strcmp(why, "it c"),
	        "a long reason is truncated");
	unlink(no);
	file = fopen(path, "w");
	if (!file || fclose(file) || chmod(path, 0700))
		abort();
	CHECK(!rm_map_has_sim_program("test_catalog_no", why, sizeof(why)) &&
	                strstr(why, "test_catalog_no): damaged: empty"),
	        "an empty program is damaged");
	file = fopen(path, "w");
	if (!file || fputs("#!/bin/sh\n", file) < 0 || fclose(file))
		abort();
	CHECK(rm_map_has_sim_program("test_catalog_no", why, sizeof(why)) &&
	                !why[0],
	        "a map with a program can be simulated");
	unlink(path);
}

int main(void)
{
	fake_root_enter(root, sizeof(root));
	snprintf(program, sizeof(program), "%s/readmostly", root);
	no_folder_is_empty();
	maps_are_read();
	invalid_descriptions();
	names_are_read();
	simulated_maps();
	rm_catalog_clear(&catalog);
	fake_root_remove(root);
	return DONE();
}
