/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock, the databases, the config, the daemon. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "doctor.h"
#include "link.h"

#define DAY 86400
#define OLD_DATABASE 90 /* days */

void find_clock(const struct place *p, struct finding *f)
{
	if (p->built && p->now + DAY < p->built) {
		found(f, HEALTH_FAIL, "the clock is wrong: it is set before sipmoat was installed");
		because(f, "schedules, daily limits and the ends of bans by hand go by it");
		advise(f, "timedatectl set-ntp true, or date -s ...");
	} else if (!p->synchronised) {
		found(f, HEALTH_WARN, "the clock is not synchronised");
		because(f, "schedules, daily limits and the times in the log drift with it");
		advise(f, "apt-get install systemd-timesyncd && timedatectl set-ntp true (in a "
		       "container or a virtual machine its host may do that)");
	} else {
		found(f, HEALTH_OK, "the clock is synchronised");
	}
}

void find_databases(const struct place *p, struct finding *f)
{
	struct databases d = ruleset_databases(p->rules);
	uint64_t oldest = d.country && (!d.asn || d.country < d.asn) ? d.country : d.asn;
	uint64_t days = oldest && oldest < p->now ? (p->now - oldest) / DAY : 0;

	if (no_config(p, f))
		return;
	if (!oldest && d.wanted) {
		found(f, HEALTH_WARN, "rules name countries or networks, and there is no database");
		because(f, "no source is in those zones, and country refuses nobody");
		advise(f, "systemctl enable --now sipmoat-geo-update.timer && systemctl start "
		       "sipmoat-geo-update; it says what it lacks (Debian: package sipmoat-geoip)");
	} else if (!oldest) {
		found(f, HEALTH_OK, "no database of countries is in use; country and zones with "
		      "countries or asns would need one");
	} else if (days > OLD_DATABASE) {
		found(f, HEALTH_WARN, "the database of %s is %" PRIu64 " days old",
		      oldest == d.country ? "countries" : "networks", days);
		because(f, "addresses move: customers are taken for strangers, and the other way "
			"round");
		advise(f, "systemctl start sipmoat-geo-update; where its source is as old, choose "
		       "another one in geo-update.conf; and sipmoat-geo-update.timer");
	} else {
		found(f, HEALTH_OK, "the database of %s is %" PRIu64 " days old",
		      oldest == d.country ? "countries" : "networks", days);
	}
}

void find_config(const struct place *p, struct finding *f)
{
	unsigned errors = p->report.errors + p->report.degraded;
	const struct conf_note *worst = NULL;
	char *text = NULL;

	for (unsigned i = 0; i < p->report.n; i++)
		if (!worst || p->report.note[i].severity > worst->severity)
			worst = &p->report.note[i];
	if (worst)
		text = conf_note_text(worst);
	if (errors && access(p->file, R_OK) != 0 && errno == EACCES) {
		not_root(f, p->file);
	} else if (errors) {
		found(f, HEALTH_FAIL, "%u errors, the first: %s", errors, text ? text : "");
		because(f, p->report.errors ? "sipmoatd neither starts nor reloads with it" :
					      "a check that is to enforce cannot work");
		advise(f, "sipmoat check -c %s", p->file);
	} else if (worst) {
		found(f, HEALTH_WARN, "%s", text ? text : "");
		because(f, "it may not mean what you meant");
		advise(f, "sipmoat check -c %s", p->file);
	} else {
		found(f, HEALTH_OK, "%s is in order", p->file);
	}
	free(text);
}

/* sipmoatd's own word goes first: sipmoat mode sets it, too. */
void find_mode(const struct place *p, struct finding *f)
{
	const char *now = p->status ? reply_text(p->status, -1, "mode") : "";
	bool observe = now[0] ? strcmp(now, "observe") == 0 :
				ruleset_settings(p->rules)->mode == MODE_OBSERVE;
	const char *who = now[0] ? "sipmoatd" : "the config";

	if (!now[0] && no_config(p, f))
		return;
	if (observe)
		found(f, HEALTH_OK, "%s says observe: all is judged and told, nothing is dropped",
		      who);
	else
		found(f, HEALTH_OK, "%s says enforce: what is found is dropped and banned", who);
}

void find_daemon(const struct place *p, struct finding *f)
{
	if (place_daemon(p)) {
		found(f, HEALTH_OK, "sipmoatd runs");
	} else if (p->control == EACCES || p->control == EPERM) {
		not_root(f, "whether sipmoatd runs");
	} else {
		found(f, HEALTH_FAIL, "sipmoatd does not run");
		because(f, "SIP passes as if there were no firewall");
		advise(f, "systemctl enable --now sipmoatd; if it does not start: journalctl -u "
		       "sipmoatd");
	}
}

void find_control(const struct place *p, struct finding *f)
{
	if (p->control == 0) {
		found(f, HEALTH_OK, "%s answers", p->socket);
	} else if (p->control == EACCES || p->control == EPERM) {
		found(f, HEALTH_UNKNOWN, "no permission to ask %s", p->socket);
		because(f, "status, top, bans and why ask it");
		advise(f, "be root, or: usermod -aG sipmoat $USER, and log in again");
	} else if (place_daemon(p)) {
		found(f, HEALTH_WARN, "sipmoatd runs, and %s does not answer: %s", p->socket,
		      strerror(p->control));
		because(f, "status, top, bans, unban and allow ask it");
		advise(f, "see control.socket in the config; name another one with -s");
	} else {
		found(f, HEALTH_UNKNOWN, "nobody answers at %s, as sipmoatd does not run",
		      p->socket);
	}
}

/* Servers that are asked and never heard are an alarm of the daemon's status. */
void find_sight(const struct place *p, struct finding *f)
{
	size_t n = p->status ? reply_rows(p->status, "alarms") : 0;

	if (!p->status || !reply_true(p->status, -1, "ok")) {
		found(f, HEALTH_UNKNOWN, "whether answers are seen: sipmoatd tells that when it "
		      "runs");
		return;
	}
	for (int i = 0; i < (int)n; i++) {
		if (strcmp(reply_text(p->status, i, "alarm"), "server_unheard") != 0)
			continue;
		found(f, HEALTH_WARN, "%s", reply_text(p->status, i, "text"));
		because(f, "its packets take another way, or it is down; until they are seen, the "
			"checks that need answers keep still");
		advise(f, "lead both directions over this host: ip route get ... on both ends "
		       "shows the ways");
		return;
	}
	found(f, HEALTH_OK, "the answers of all servers that are asked are seen");
}
