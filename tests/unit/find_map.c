/* SPDX-License-Identifier: Apache-2.0 */
/* find_map.c - finds maps among the symbols of this program, by their names. */
#include "tests/unit/find_map.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct rm_impl *rm_impl_find(const char *id)
{
	char symbol[1040];

	snprintf(symbol, sizeof(symbol), "rm_impl_%s", id);
	return dlsym(RTLD_DEFAULT, symbol);
}

/* The names are in BUILD/maps/names.tsv; this program is BUILD/tests/X. */
void each_map(void (*each)(const struct rm_impl *impl))
{
	char path[4096], line[1024];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 32);
	FILE *names;

	path[length < 0 ? 0 : length] = '\0';
	for (int i = 0; i < 2 && strrchr(path, '/'); i++)
		*strrchr(path, '/') = '\0';
	strcat(path, "/maps/names.tsv");
	names = fopen(path, "r");
	if (!names) {
		perror(path);
		abort();
	}
	while (fgets(line, sizeof(line), names)) {
		line[strcspn(line, "\t")] = '\0';
		if (rm_impl_find(line))
			each(rm_impl_find(line));
	}
	fclose(names);
}
