#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_maps.sh TEST.c... - prints NAME|SOURCE|FLAVOUR|ID,ID,... for each unit test, for
# tests/tests.mk. FLAVOUR is "stats/" for a test that reads counts of hot paths, and
# "placed-x24/" for a test of keys that do not differ at the start. IDs are names in the
# test, or in a test header that it includes, of the form rm_impl_ID or "ID"; each_map
# for a test that calls each_map(). The makefile drops names that are not maps.
exec awk 'function read_file(file, depth,    line, path) {
	while ((getline line <file) > 0) {
		if (!depth && line ~ /\/(epoch_arena|map_race|map_stall|syncmap_bench)\.h"|linked with the stats objects/)
			flavour = "stats/"
		if (!depth && line ~ /linked with the placed objects/)
			flavour = "placed-x24/"
		if (!depth && match(line, /^#include "(verify\/)?tests\/[^"]*"/)) {
			path = substr(line, 11, RLENGTH - 11)
			read_file(path, 1)
		}
		while (match(line, /rm_impl_[a-z0-9_]+|"[a-z0-9_][a-z0-9_][a-z0-9_]+"|each_map\(/)) {
			path = substr(line, RSTART, RLENGTH)
			line = substr(line, RSTART + RLENGTH)
			gsub(/^rm_impl_|"|\($/, "", path)
			if (!((path) in seen)) { seen[path]; ids = ids (ids == "" ? "" : ",") path }
		}
	}
	close(file)
}
BEGIN {
	for (i = 1; i < ARGC; i++) {
		split("", seen); ids = flavour = ""
		read_file(ARGV[i], 0)
		source = name = ARGV[i]
		sub(/\.c$/, "", source); sub(/.*\//, "", name); sub(/\.c$/, "", name)
		print name "|" source "|" flavour "|" ids
	}
}' "$@"
