/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat alert`: a process of its own tells others of what the daemon finds. */
#include "ctl.h"
#include "libexec.h"

int alert_main(int argc, char **argv)
{
	(void)argc;
	return libexec_become("sipmoat-alert", argv);
}
