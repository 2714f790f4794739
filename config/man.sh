#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# config/man.sh PAGE.scd KEYS MAN: puts the key table where the page says @KEYS@, and makes a man
# page of it.
set -eu
sed -e "/^@KEYS@\$/{
r $2
d
}" "$1" | scdoc >"$3"
