# SPDX-License-Identifier: Apache-2.0
# rows.awk - rows of impls/*/maps.tsv whose ids are in `ids`, as struct rm_impl in
# C. `versions` is "name=version name=version ...".
BEGIN {
	FS = "\t"
	for (i = split(ids, list, " "); i; i--)
		wanted[list[i]] = 1
	for (i = split(versions, list, " "); i; i--) {
		split(list[i], pair, "=")
		version[pair[1]] = pair[2]
	}
	split("u64x8 u64x24 str16x8 str16x24", shape, " ")
}
FNR == 1 { # impls/LANGUAGE/maps.tsv
	parts = split(FILENAME, path, "/")
	language = path[parts - 1]
}
/^#/ || !($1 in wanted) { next }
{
	caps = $7 == "-" ? "0" : "RM_CAP_" $7
	split($10, needs, " ")
	bits = 0
	drives = ""
	for (i = 1; i <= 4; i++) {
		has = index(" " $6 " ", " " shape[i] " ")
		bits += has ? 2 ^ (i - 1) : 0
		drives = drives (has ? " rm_elsewhere_drive," : " NULL,")
	}
	printf "static const struct rm_impl rm_impl_%s = {\n", $1
	printf "\t.id = \"%s\", .label = \"%s\", .family = \"%s\",\n", $1, $2, $3
	printf "\t.sync = \"%s\", .source = \"%s %s: %s\", .system = \"\",\n", \
		$4, needs[1], version[needs[1]], $5
	printf "\t.shapes = %d, .caps = %s, .guarantees = \"%s\",\n", bits, caps, $8
	printf "\t.progress = \"%s\", .dispatch = \"none\",\n", $9
	printf "\t.ops = &rm_elsewhere_ops, .program = \"readmostly-%s\",\n", language
	printf "\t.start_ms = %d, .warm_up_most = %d, .paced = %s,\n", $11, $12, \
		index(" " $14 " ", " paced ") ? "true" : "false"
	most = sized($6)
	printf "\t.drive = {%s }%s };\n", drives, \
		most ? ", .value_most = " most ", .value_place = \"" $13 "\"" : ""
}
# The longest value of its shapes, if one has other sizes than the usual; else 0.
function sized(shapes,    n, list, size, most, other) {
	for (n = split(shapes, list, " "); n; n--) {
		split(list[n], size, "x")
		most = size[2] > most + 0 ? size[2] + 0 : most
		other = other || list[n] !~ /^(u64|str16)x(8|24)$/
	}
	return other ? most : 0
}
