# SPDX-License-Identifier: Apache-2.0
# rows.awk - prints the description of map `id`, one line of JSON, from its row of
# impls/LANGUAGE/maps.tsv. `versions` is "name=version name=version ...". Maps
# go_classic_X and go_other_X are in row go_X (impls/languages.mk). Maps that need LANGUAGE-new are
# in the program of this name.
BEGIN {
	row = id
	arm = match(id, /^go_(classic|other)_/) ? "-" substr(id, 4, RLENGTH - 4) : ""
	sub(/^go_(classic|other)_/, "go_", row)
	FS = "\t"
	for (i = split(versions, list, " "); i; i--) {
		split(list[i], pair, "=")
		version[pair[1]] = pair[2]
	}
}
function text(name, value) { gsub(/["\\]/, "\\\\&", value); return "\"" name "\":\"" value "\"," }
function words(name, value) { gsub(/ /, "\",\"", value); return "\"" name "\":[" (value == "" ? "" : "\"" value "\"") "]," }
$1 == row {
	parts = split(FILENAME, path, "/")
	split($10, needs, " ")
	usual = ""
	for (i = split("u64x8 u64x24 str16x8 str16x24", shape, " "); i; i--)
		if (index(" " $6 " ", " " shape[i] " "))
			usual = shape[i] (usual == "" ? "" : " ") usual
	cap = $7 == "-" ? "" : tolower($7)
	gsub(/_/, "-", cap)
	most = sized($6)
	language = path[parts - 1]
	if (index(" " $10 " ", " " language "-new "))
		arm = "-new"
	compiler = version[language arm]
	if (match(compiler, /^[0-9]+\.[0-9]+/))
		sub(/^Go:/, "Go " substr(compiler, 1, RLENGTH) ":", $2)
	printf "{\"contract\":1,%s%s%s%s%s%s%s", text("id", id), text("label", $2), text("family", $3),
		text("sync", $4), text("duty", $16 == "" ? "none" : $16),
		text("source", needs[1] " " (needs[1] == language ? compiler : version[needs[1]]) ": " $5), text("system", "")
	printf "%s%s%s%s%s%s%s", words("shapes", usual), words("caps", cap), text("guarantees", $8),
		text("progress", $9), text("dispatch", "none"), words("operations", ""),
		words("loops", $3 == "technique" ? $14 : "")
	if ($15 != "") printf "%s", text("misuse", $15)
	printf "%s%s%s", text("language", language), compiler == "" ? "" : text("language_version", compiler),
		text("program", "readmostly-" language arm)
	printf "\"start_ms\":%d,\"warm_up_most\":%d,%s", $11, $12, words("measured_loops", $14)
	printf "\"value_most_bytes\":%d,\"value_place\":%s}\n", most, most ? "\"" $13 "\"" : "null"
}
# The longest value in bytes, if a shape has an unusual size; else 0.
function sized(shapes,    n, list, size, most, other) {
	for (n = split(shapes, list, " "); n; n--) {
		split(list[n], size, "x")
		most = size[2] > most + 0 ? size[2] + 0 : most
		other = other || list[n] !~ /^(u64|str16)x(8|24)$/
	}
	return other ? most : 0
}
