# SPDX-License-Identifier: GPL-2.0-only
#
# Reads the tables of one driver, preprocessed and in one line. Prints a call of ask() in
# ask.c for each entry. "driver" is the driver's name; "class" is the class for entries that
# give none.

function field(text) {
	gsub(/^ +| +$/, "", text)
	if (text ~ /^\.[a-z_]+ *=/) {
		for (at = 1; at <= 7 && text !~ "^\\." name[at] " *="; at++);
		sub(/^[^=]*= */, "", text)
	}
	value[name[at++]] = text
}
function entry(text,  i, c, depth, part) {
	for (i in name) value[name[i]] = 0
	at = 1
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		depth += (c == "(" || c == "{") - (c == ")" || c == "}")
		if (c != "," || depth) { part = part c; continue }
		field(part)
		part = ""
	}
	if (part !~ /^ *$/) field(part)
	if (value["vendor"] "" != "0")
		printf "ask(\"%s\", %s, %s, %s, %s, 0x%s00);\n", driver, value["vendor"],
			value["device"], value["class"], value["class_mask"], class
}
BEGIN { split("vendor device subvendor subdevice class class_mask driver_data", name) }
{
	sub(/.*@ x {/, "")
	for (i = 1; i <= length($0); i++) {
		c = substr($0, i, 1)
		if (c == "{" && !depth++) { text = ""; continue }
		if (c == "}" && !--depth) { entry(text); continue }
		text = text c
	}
}
