/* SPDX-License-Identifier: Apache-2.0 */
/* import_edn.c - one EDN map per operation, alone or in one vector: Jepsen's
   histories and Porcupine's key-value logs. */
#include "runner/history/import.h"

#include <errno.h>
#include <string.h>

static int take_map(struct rm_import *import, const struct rm_edn *map)
{
	struct rm_import_line line = { map->line, rm_edn_get(map, "process"),
		rm_edn_get(map, "type"), rm_edn_get(map, "f"),
		rm_edn_get(map, "key"), rm_edn_get(map, "value") };

	if (map->kind != RM_EDN_MAP)
		return rm_import_mistake(import, map->line,
		        "expected a map {:process .., :type .., :f ..}");
	/* Porcupine's logs have a :key, and texts that begin empty */
	if (line.key && !import->texts && import->history->count == 0 &&
	        import->open_count == 0)
		import->texts = true;
	if (!line.key == import->texts)
		return rm_import_mistake(import, map->line,
		        import->texts ? "no :key, expected one as before"
		                      : "a :key, expected none as before");
	return rm_import_take(import, &line);
}

int rm_import_edn(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error)
{
	struct rm_import import = {
		.file = file, .error = error, .history = history
	};
	struct rm_edn_reader reader = { file, text, text + length, 1, error };
	struct rm_edn value;
	int failed = 0, got = 0;

	strcpy(history->stamps, "index");
	while (!failed && (got = rm_edn_read(&reader, &value)) == 1) {
		if (value.kind == RM_EDN_LIST)
			for (size_t i = 0; i < value.count && !failed; i++)
				failed = take_map(&import, value.items + i);
		else
			failed = take_map(&import, &value);
		rm_edn_clear(&value);
	}
	return rm_import_end(&import, failed ? failed : got);
}
