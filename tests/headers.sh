#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every header compiles alone; every source file says what it is and under which licence,
# and has comments of at most 90 columns.
status=0
for header in */*.h; do
	echo "#include \"$header\"" |
		${CC:-cc} -std=c17 -D_GNU_SOURCE -I. -fsyntax-only -Wall -Wextra -xc - || {
		echo "$header: does not compile alone"
		status=1
	}
done
for file in $(git ls-files '*.c' '*.h' '*.py' '*.sh' '*.build' dev); do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' || {
		echo "$file: no SPDX line in its first three lines"
		status=1
	}
	lines=$(wc -l <"$file")
	[ "$lines" -le 600 ] || {
		echo "$file: $lines lines, 600 is the limit: look for the second noun"
		status=1
	}
done
for file in $(git ls-files '*.c' '*.h'); do
	expand "$file" | LC_ALL=C.UTF-8 grep -nE '^.{91,}' | grep -E '/\*|^[0-9]+: *\* ' |
		sed "s|^|$file:|" | grep . && status=1
done
exit $status
