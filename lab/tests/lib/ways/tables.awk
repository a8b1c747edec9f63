# SPDX-License-Identifier: GPL-2.0-only
#
# Prints, of a driver's source, all macros and, after a line that begins with @, the ID
# tables of its PCI drivers. Conditionals in the tables are ignored: all entries count.
# Chelsio's table is a header with calls of a macro.

{
	text = ""
	while ($0 != "") {
		i = index($0, comment ? "*/" : "/*")
		if (!comment) text = text (i ? substr($0, 1, i - 1) : $0)
		if (i) comment = !comment
		$0 = i ? substr($0, i + 2) : ""
	}
	sub(/[ \t]*\/\/.*/, "", text)
	if (sub(/\\[ \t]*$/, " ", text) || comment) { begun = begun text; next }
	line[++lines] = text = begun text
	begun = ""
}
text ~ /MODULE_DEVICE_TABLE\( *pci *,/ {
	sub(/.*, */, "", text)
	sub(/[ )].*/, "", text)
	wanted[text]
}
text ~ /\.id_table[ \t]*=/ {
	sub(/.*= */, "", text)
	sub(/[^A-Za-z0-9_].*/, "", text)
	wanted[text]
}
END {
	for (i = 1; i <= lines; i++)
		if (line[i] ~ /^[ \t]*#[ \t]*define/) print line[i]
	print "@ x {"
	for (i = 1; i <= lines; i++) {
		text = line[i]
		if (text ~ /^[ \t]*CH_PCI_ID_TABLE_FENTRY\(/) print text
		if (text ~ /^[ \t]*#/) continue
		if (!table && text ~ /\[.*\][^=]*=/) {
			name = text
			sub(/[ \t]*\[.*/, "", name)
			sub(/.*[^A-Za-z0-9_]/, "", name)
			if (!(name in wanted)) continue
			table = 1
			sub(/.*\][^=]*= *{?/, "", text)
		}
		if (table && text ~ /^ *};|^ *}? *;/) table = 0
		else if (table) print text
	}
}
