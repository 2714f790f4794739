#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# manual.sh PAGE.scd TABLE.scd: the page with the table in place of @TABLE@, as roff.
sed -e "/^@TABLE@\$/{r $2" -e 'd;}' "$1" | scdoc
