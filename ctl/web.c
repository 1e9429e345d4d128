/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat web`: the status page, which a process of its own serves. */
#include "ctl.h"
#include "libexec.h"

int web_main(int argc, char **argv)
{
	(void)argc;
	return libexec_become("sipmoat-web", argv);
}
