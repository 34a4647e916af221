# SPDX-License-Identifier: Apache-2.0
# rows.awk - the row of map `id` of impls/LANGUAGE/maps.tsv as its description, one
# line of JSON. `versions` is "name=version name=version ...".
BEGIN {
	FS = "\t"
	for (i = split(versions, list, " "); i; i--) {
		split(list[i], pair, "=")
		version[pair[1]] = pair[2]
	}
}
function text(name, value) { gsub(/["\\]/, "\\\\&", value); return "\"" name "\":\"" value "\"," }
function words(name, value) { gsub(/ /, "\",\"", value); return "\"" name "\":[" (value == "" ? "" : "\"" value "\"") "]," }
$1 == id {
	parts = split(FILENAME, path, "/")
	split($10, needs, " ")
	usual = ""
	for (i = split("u64x8 u64x24 str16x8 str16x24", shape, " "); i; i--)
		if (index(" " $6 " ", " " shape[i] " "))
			usual = shape[i] (usual == "" ? "" : " ") usual
	cap = $7 == "-" ? "" : tolower($7)
	gsub(/_/, "-", cap)
	most = sized($6)
	if (path[parts - 1] == "go" && version["go"] != "")
		sub(/^Go:/, "Go " version["go"] ":", $2)
	printf "{\"contract\":1,%s%s%s%s%s%s%s", text("id", $1), text("label", $2), text("family", $3),
		text("sync", $4), text("duty", "none"), text("source", needs[1] " " version[needs[1]] ": " $5), text("system", "")
	printf "%s%s%s%s%s%s%s", words("shapes", usual), words("caps", cap), text("guarantees", $8),
		text("progress", $9), text("dispatch", "none"), words("operations", ""), words("loops", "")
	printf "%s%s\"start_ms\":%d,\"warm_up_most\":%d,\"paced\":%s,", text("language", path[parts - 1]),
		text("program", "readmostly-" path[parts - 1]), $11, $12, index(" " $14 " ", " paced ") ? "true" : "false"
	printf "\"value_most_bytes\":%d,\"value_place\":%s}\n", most, most ? "\"" $13 "\"" : "null"
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
