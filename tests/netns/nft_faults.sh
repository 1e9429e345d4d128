#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One element that the kernel refuses never costs the others of its transaction.
exec "$(dirname "$0")/../../${B:-build}/tests/netns/nftfaults"
