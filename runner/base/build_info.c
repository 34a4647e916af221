/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/base/build_info.h"

#include "runner/base/sha256.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

json_t *rm_build_info(void)
{
	char digest[RM_SHA256_TEXT] = "", id[17] = "", compiler[32] = "";
	bool known = !rm_sha256_file("/proc/self/exe", digest, NULL);
	json_t *dirty =
	        rm_build_dirty < 0 ? json_null() : json_boolean(rm_build_dirty);
	size_t name = strcspn(rm_build_compiler, " ");

	snprintf(id, sizeof(id), "%.16s", digest);
	snprintf(compiler, sizeof(compiler), "%.*s", (int)name,
	        rm_build_compiler);
	return json_pack("{s:s, s:o, s:s, s:s, s:s, s:o, s:o, s:s}", "commit",
	        rm_build_commit, "dirty", dirty, "compiler", compiler,
	        "compiler_version", rm_build_compiler, "flags", rm_build_flags,
	        "binary_sha256", known ? json_string(digest) : json_null(),
	        "build_id", known ? json_string(id) : json_null(), "libraries",
	        rm_build_libraries);
}
