/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "metrics.h"

/* What is written of an answer; malloc'd. */
static char *written(const char *answer)
{
	struct reply *r = answer ? reply_read(answer) : NULL;
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	assert_true(!answer || r);
	metrics_write(f, r);
	assert_int_equal(fclose(f), 0);
	reply_free(r);
	return text;
}

static void has(const char *text, const char *lines)
{
	const char *at = strstr(text, lines);

	if (!at || (at != text && at[-1] != '\n'))
		fail_msg("there is no\n%s", lines);
}

static void nobody_answers(void **arg)
{
	char *text = written(NULL);

	(void)arg;
	assert_string_equal(text, "# HELP sipmoat_up whether sipmoatd answers\n"
				  "# TYPE sipmoat_up gauge\nsipmoat_up 0\n");
	free(text);
}

static void values_and_labels(void **arg)
{
	char *text = written("{\"ok\":true,\"version\":\"a\\\"b\\\\c\",\"mode\":\"observe\","
			     "\"workers\":2,\"delay\":0.0015,"
			     "\"counters\":{\"packets\":9007199254740991},"
			     "\"defects\":{\"bad-via\":3,\"not-sip\":0},"
			     "\"checks\":[{\"check\":\"flood\",\"dropped\":7,\"alerted\":1}],"
			     "\"bans\":{\"live4\":1,\"live6\":2},"
			     "\"feeds\":[{\"name\":\"x\",\"list\":\"block\",\"refused\":true}]}");

	(void)arg;
	has(text, "sipmoat_up 1\n");
	has(text, "sipmoat_info{version=\"a\\\"b\\\\c\",mode=\"observe\",steering=\"\"} 1\n");
	has(text, "sipmoat_workers 2\n");
	has(text, "sipmoat_queue_wait_seconds 0.0015\n");
	has(text, "sipmoat_packets_total 9.00719925474099e+15\n");
	has(text, "sipmoat_defects_total{defect=\"bad-via\"} 3\n");
	has(text, "sipmoat_check_hits_total{check=\"flood\",outcome=\"dropped\"} 7\n");
	has(text, "sipmoat_check_hits_total{check=\"flood\",outcome=\"alerted\"} 1\n");
	has(text, "# TYPE sipmoat_banned gauge\nsipmoat_banned{family=\"ipv4\"} 1\n"
		  "sipmoat_banned{family=\"ipv6\"} 2\n");
	has(text, "sipmoat_feed_refused{name=\"x\",list=\"block\"} 1\n");
	/* what the answer does not have is no sample */
	has(text, "# TYPE sipmoat_queue_depth gauge\n#");
	assert_null(strstr(text, "outcome=\"cut\""));
	free(text);
}

static void histograms(void **arg)
{
	char *text = written("{\"ok\":true,\"histograms\":["
			     "{\"name\":\"queue_delay\",\"lane\":\"known\","
			     "\"le\":[2e-5,5e-5,0.1,1,2,3,4,5,6,7,8,9.5],"
			     "\"buckets\":[1,0,2,0,0,0,0,0,0,0,0,0,4],\"sum\":0.25},"
			     "{\"name\":\"processing\",\"le\":[1],\"buckets\":[1,2]}]}");

	(void)arg;
	has(text, "sipmoat_queue_delay_seconds_bucket{lane=\"known\",le=\"2e-05\"} 1\n"
		  "sipmoat_queue_delay_seconds_bucket{lane=\"known\",le=\"5e-05\"} 1\n"
		  "sipmoat_queue_delay_seconds_bucket{lane=\"known\",le=\"0.1\"} 3\n");
	has(text, "sipmoat_queue_delay_seconds_bucket{lane=\"known\",le=\"9.5\"} 3\n"
		  "sipmoat_queue_delay_seconds_bucket{lane=\"known\",le=\"+Inf\"} 7\n"
		  "sipmoat_queue_delay_seconds_sum{lane=\"known\"} 0.25\n"
		  "sipmoat_queue_delay_seconds_count{lane=\"known\"} 7\n");
	/* of another version: other buckets */
	assert_null(strstr(text, "sipmoat_processing_seconds_bucket"));
	free(text);
}

static void put_line(const struct metric *m, void *arg)
{
	if (m->value)
		fprintf(arg, "%s|%s|%g|%d|%.9s\n", m->name, m->of, m->value, m->time, m->help);
}

/* What `sipmoat stats` shows to people. */
static void by_name_and_label(void **arg)
{
	struct reply *r = reply_read("{\"ok\":true,\"started\":77,\"workers\":2,"
				     "\"counters\":{\"packets\":9},"
				     "\"checks\":[{\"check\":\"flood\",\"dropped\":7}],"
				     "\"tables\":[{\"table\":\"x\",\"live\":3}],"
				     "\"bans\":{\"live6\":2},\"defects\":{\"bad-via\":4},"
				     "\"queues\":[{\"queue\":5061,\"lane\":\"known\","
				     "\"depth\":1}]}");
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	(void)arg;
	metrics_walk(r, put_line, f);
	fclose(f);
	assert_string_equal(text, "info||1|0|always 1;\nstart_time_seconds||77|1|when sipm\n"
				  "workers||2|0|worker th\npackets||9|0|packets t\n"
				  "check_hits|flood dropped|7|0|packets a\n"
				  "queue_depth|known 5061|1|0|packets t\n"
				  "banned|ipv6|2|0|bans in t\ndefects|bad-via|4|0|defects t\n");
	free(text);
	reply_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_answers),
		cmocka_unit_test(values_and_labels),
		cmocka_unit_test(by_name_and_label),
		cmocka_unit_test(histograms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
