# SPDX-License-Identifier: GPL-2.0-only
#
# Turns KUnit's KTAP into plain TAP. The rows of a test are two levels in, under the test's
# name. The result of the test itself comes after its rows.

{ match($0, /^ */); level = RLENGTH / 4 }
/# Subtest:/ { test = $NF; rows = 0; next }
/^ *(not )?ok / {
	result = $1 == "not" ? "not ok" : "ok"
	sub(/^ *(not )?ok [0-9]+ (- )?/, "")
	if (level == 2)
		rows++
	else if (level != 1 || rows) {
		rows = 0
		next
	}
	count++
	print result, count, (level == 2 ? test ": " : "") $0
	next
}
/^ *#/ { sub(/^ */, ""); print }
END { print "1.." count + 0 }
