/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/base/build_info.h"

#include <stdio.h>
#include <string.h>

/* SHA-256 of this program as 64 hex digits; false: no sha256sum. */
static int own_sha256(char digest[65])
{
	FILE *in = popen("sha256sum </proc/$PPID/exe 2>/dev/null", "re");
	int got = in ? fscanf(in, "%64[0-9a-f]", digest) : 0;

	if (in)
		pclose(in);
	return got == 1 && strlen(digest) == 64;
}

json_t *rm_build_info(void)
{
	char digest[65] = "", id[17] = "", compiler[32] = "";
	int known = own_sha256(digest);
	size_t name = strcspn(rm_build_compiler, " ");

	snprintf(id, sizeof(id), "%.16s", digest);
	snprintf(compiler, sizeof(compiler), "%.*s", (int)name,
	        rm_build_compiler);
	return json_pack("{s:s, s:b, s:s, s:s, s:s, s:o, s:o, s:s}", "commit",
	        rm_build_commit, "dirty", rm_build_dirty, "compiler", compiler,
	        "compiler_version", rm_build_compiler, "flags", rm_build_flags,
	        "binary_sha256", known ? json_string(digest) : json_null(),
	        "build_id", known ? json_string(id) : json_null(), "libraries",
	        rm_build_libraries);
}
