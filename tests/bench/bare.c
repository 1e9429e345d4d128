/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The yardstick: reads the same queues through the same nfq/queue.c as the daemon
 * and accepts everything.  One thread, as one worker.
 *
 *   bare FIRST-QUEUE QUEUES LENGTH
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "queue.h"

#define QUEUES 8

/* false: the queue is dead */
static bool turn(struct queue *q, struct queue_batch *batch)
{
	struct queue_read in;

	do {
		if (queue_read(q, batch, &in))
			return false;
		for (unsigned i = 0; i < in.packets; i++)
			in.packet[i].verdict = VERDICT_ACCEPT;
		if (in.packets && queue_answer(q, batch) < 0)
			return false;
	} while (in.messages == QUEUE_BATCH);
	return true;
}

int main(int argc, char **argv)
{
	struct pollfd fds[QUEUES];
	struct queue *queue[QUEUES];
	struct queue_batch *batch = queue_batch_new();
	unsigned first, n;
	char err[QUEUE_ERROR];

	if (argc != 4 || !batch) {
		fprintf(stderr, "usage: bare FIRST-QUEUE QUEUES LENGTH\n");
		return 2;
	}
	first = (unsigned)strtoul(argv[1], NULL, 10);
	n = (unsigned)strtoul(argv[2], NULL, 10);
	for (unsigned i = 0; i < n && i < QUEUES; i++) {
		struct queue_conf conf = { .number = (uint16_t)(first + i),
					   .length = (uint32_t)strtoul(argv[3], NULL, 10),
					   .fail = VERDICT_ACCEPT };

		if (queue_open(&queue[i], &conf, err)) {
			fprintf(stderr, "bare: %s\n", err);
			return 1;
		}
		fds[i] = (struct pollfd){ .fd = queue_fd(queue[i]), .events = POLLIN };
	}
	while (poll(fds, n, -1) >= 0)
		for (unsigned i = 0; i < n; i++)
			if (fds[i].revents && !turn(queue[i], batch))
				return 1;
	return 1;
}
