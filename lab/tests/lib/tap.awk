# SPDX-License-Identifier: GPL-2.0-only
#
# Makes one TAP output of all that a test printed. "status" is the test's exit status,
# "name" its name and "list" the path of lab/tests/skips. The result has one plan and
# numbers that go on. A skip that is not in the list becomes a failure. A failure is added
# if the test printed no result, ended with an error although all its results were good,
# or ended before it had run all that it planned.

BEGIN {
	while ((getline line <list) > 0)
		if (line !~ /^(#|$)/)
			allowed[++n] = line
}
function may_be_skipped(text, i) {
	for (i = 1; i <= n; i++)
		if (name ": " text ~ allowed[i])
			return 1
}
{ sub(/\r$/, "") }
/^(not )?ok [0-9]/ {
	bad = /^not/
	sub(/^(not )?ok [0-9]+ (- )?/, "")
	if (/# SKIP/ && !may_be_skipped($0)) {
		sub(/# SKIP/, "is skipped, which lab/tests/skips does not have:")
		bad = 1
	}
	failed += bad
	print (bad ? "not ok " : "ok ") ++count " - " $0
}
/^1\.\.[0-9]/ { plans++; planned += substr($0, 4) }
/^# note: / { print }
END {
	if (!count)
		print "not ok " ++count " - printed no test, status " status
	else if (status && !failed)
		print "not ok " ++count " - ended with status " status
	else if (!plans || count < planned)
		print "not ok " ++count " - ended early"
	print "1.." count
}
