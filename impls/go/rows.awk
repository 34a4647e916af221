# SPDX-License-Identifier: Apache-2.0
# rows.awk - rows of maps.tsv whose ids are in `ids`, as struct rm_impl in C.
BEGIN {
	FS = "\t"
	split(ids, list, " ")
	for (i in list)
		wanted[list[i]] = 1
}
/^#/ || !($1 in wanted) { next }
{
	caps = $6 == "-" ? "0" : "RM_CAP_" $6
	sub(/^GO/, go, $5)
	printf "static const struct rm_impl rm_impl_%s = {\n", $1
	printf "\t.id = \"%s\", .label = \"%s\", .family = \"%s\",\n", $1, $2, $3
	printf "\t.sync = \"%s\", .source = \"%s\", .system = \"\",\n", $4, $5
	printf "\t.shapes = 5, .caps = %s, .guarantees = \"%s\",\n", caps, $7
	printf "\t.progress = \"%s\", .dispatch = \"none\",\n", $8
	printf "\t.ops = &rm_elsewhere_ops, .program = \"readmostly-go\",\n"
	# u64x8 and str16x8, and that of long keys
	print "\t.drive = { rm_elsewhere_drive, NULL, rm_elsewhere_drive, NULL },"
	print "\t.value_most = 8, .value_place = \"in line\" };"
}
