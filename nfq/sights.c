/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sights.h"

#include "log.h"

void sights_tell(struct state *st, uint64_t now)
{
	char text[ADDR_TEXT];
	struct addr server;
	bool hears;

	while (state_sight_news(st, now, &server, &hears)) {
		addr_print(&server, text);
		if (hears)
			log_info("answers of %s are seen again: all checks judge again", text);
		else
			log_warn("%s is asked and no answer of it is seen: its answers take "
				 "another way (asymmetric routing), or it is down; the checks "
				 "that need answers keep still", text);
	}
}
