#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/fuzz/one.sh HARNESS SECONDS: fuzzes from the kept corpus; new inputs go to build/, a line to build/fuzz-results.
name=$(basename "$1" | sed 's/^fuzz-//')
found=build/fuzz/found-$name
mkdir -p "$found"
if "$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -print_final_stats=0 \
	-artifact_prefix="build/fuzz/$name-" "$found" "tests/fuzz/$name" >"build/fuzz/$name.log" 2>&1; then
	echo "ok $name" | tee -a build/fuzz-results
else
	echo "bad $name (build/fuzz/$name.log)" | tee -a build/fuzz-results
	tail -n 40 "build/fuzz/$name.log"
	exit 1
fi
