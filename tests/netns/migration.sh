#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every recipe of docs/migration.md, through a Kamailio that has it and through sipmoat.
exec "$(dirname "$0")/../migration/run.sh"
