/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: the file of a database, asked and gone through as one of countries and of networks. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "geo.h"

static bool is_code(uint32_t v)
{
	return v >> 8 >= 'A' && v >> 8 <= 'Z' && (v & 0xff) >= 'A' && (v & 0xff) <= 'Z';
}

static void ask(const struct geo *g)
{
	static const char *const who[] = { "8.8.8.8",        "20.0.3.1",    "223.255.255.254",
					   "2400:8000:7::1", "2001:638::1", "3fff:ffff::1" };

	for (unsigned i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		struct addr a;
		uint32_t code;

		must(addr_parse(slice_of(who[i]), &a) == 0);
		code = geo_country(g, &a);
		must(!code || is_code(code));
		geo_asn(g, &a);
	}
}

static void judge(const struct geo *g, enum geo_kind kind)
{
	struct geo_survey s;
	char why[GEO_WHY] = "";
	bool sound = geo_sound(g, kind, &s, why);

	must(sound == !why[0]);
	must(strlen(why) < sizeof(why));
	must(kind == GEO_COUNTRY || s.countries == 0);
	must(s.countries <= s.networks[0] + s.networks[1] && s.countries <= 26 * 26);
	must(!sound || geo_succeeds(&s, &s, why));
}

static void open_as(enum geo_kind kind, const char *path)
{
	struct conf_report report = { 0 };
	struct geo *g = geo_open_file(kind, path, &report);

	must(!g == (report.n > 0));
	conf_report_free(&report);
	if (!g)
		return;
	must(geo_has_country(g) == (kind == GEO_COUNTRY) && geo_has_asn(g) == (kind == GEO_ASN));
	ask(g);
	judge(g, kind);
	geo_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[32];

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	open_as(GEO_COUNTRY, path);
	open_as(GEO_ASN, path);
	close(fd);
	return 0;
}
