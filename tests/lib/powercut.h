/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A layer between SQLite and the files of one database, which remembers what was not synced to
 * the disk, and makes the files as a power cut may leave them: of each sector written since the
 * last sync, either what was there or what was written.  That a file is there, or gone, is on
 * the disk at once.
 *
 * Locking: one thread.  Include after cmocka.h.
 */
#ifndef SIPMOAT_TEST_POWERCUT_H
#define SIPMOAT_TEST_POWERCUT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512
#define FILES 3 /* the database, its log of writes, its journal */

static uint32_t cut_dice = 1;

static uint32_t cut_roll(uint32_t most)
{
	cut_dice = cut_dice * 1664525u + 1013904223u;
	return (cut_dice >> 8) % most;
}

struct cut_change {
	size_t at, n; /* bytes NULL: cut to `at` */
	unsigned char *bytes;
};

/* What is on the disk for certain, and what may be. */
static struct disk {
	unsigned char *bytes;
	size_t n;
	struct cut_change *pending;
	size_t changes;
} disks[FILES];

static struct layer {
	sqlite3_vfs vfs, *below;
	uint64_t writes, cut_at, cuts, most;
	bool off; /* nothing is noted, and files are opened as ever */
	const char *path;
	void (*look)(const char *file);
} layer;

struct file {
	sqlite3_file base;
	struct disk *disk;
	sqlite3_file *below;
};

static void apply(struct disk *to, const struct cut_change *c, bool torn)
{
	if (!c->bytes) {
		to->n = torn && cut_roll(2) ? to->n : c->at;
		to->bytes = realloc(to->bytes, to->n + 1);
		return;
	}
	if (c->at + c->n > to->n) {
		to->bytes = realloc(to->bytes, c->at + c->n);
		memset(to->bytes + to->n, 0, c->at + c->n - to->n);
		to->n = c->at + c->n;
	}
	for (size_t i = 0; i < c->n;) {
		size_t n = SECTOR - (c->at + i) % SECTOR;

		n = n < c->n - i ? n : c->n - i;
		if (!torn || cut_roll(2))
			memcpy(to->bytes + c->at + i, c->bytes + i, n);
		i += n;
	}
}

static void write_file(const char *name, const void *bytes, size_t n)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* The files as they may be after a cut now, looked at where they are nobody's. */
static void cut_power(void)
{
	static const char *const ends[FILES] = { "", "-wal", "-journal" };
	char name[4096];

	layer.off = true;
	for (unsigned i = 0; i < FILES; i++) {
		struct disk copy = { .n = disks[i].n, .bytes = malloc(disks[i].n + 1) };

		if (disks[i].n) /* else it may have no bytes at all */
			memcpy(copy.bytes, disks[i].bytes, disks[i].n);
		for (size_t c = 0; c < disks[i].changes; c++)
			apply(&copy, &disks[i].pending[c], true);
		snprintf(name, sizeof(name), "%s.cut%s", layer.path, ends[i]);
		write_file(name, copy.bytes, copy.n);
		free(copy.bytes);
	}
	snprintf(name, sizeof(name), "%s.cut-shm", layer.path);
	unlink(name);
	snprintf(name, sizeof(name), "%s.cut", layer.path);
	layer.look(name);
	layer.cuts++;
	layer.off = false;
}

static void pend(struct disk *d, size_t at, const void *bytes, size_t n)
{
	struct cut_change *c;

	d->pending = realloc(d->pending, (d->changes + 1) * sizeof(*d->pending));
	c = &d->pending[d->changes++];
	*c = (struct cut_change){ .at = at, .n = n, .bytes = bytes ? malloc(n) : NULL };
	if (bytes)
		memcpy(c->bytes, bytes, n);
	if (++layer.writes < layer.cut_at || layer.cuts >= layer.most)
		return;
	layer.cut_at = layer.writes + 1 + cut_roll(40);
	cut_power();
}

static void flush_disk(struct disk *d)
{
	for (size_t i = 0; i < d->changes; i++) {
		apply(d, &d->pending[i], false);
		free(d->pending[i].bytes);
	}
	d->changes = 0;
}

#define BELOW(f) (((struct file *)(f))->below)
#define DO(f, call, ...) BELOW(f)->pMethods->call(BELOW(f), __VA_ARGS__)

static int f_close(sqlite3_file *f)
{
	return BELOW(f)->pMethods->xClose(BELOW(f));
}

static int f_read(sqlite3_file *f, void *b, int n, sqlite3_int64 at)
{
	return DO(f, xRead, b, n, at);
}

static int f_size(sqlite3_file *f, sqlite3_int64 *n)
{
	return DO(f, xFileSize, n);
}

static int f_lock(sqlite3_file *f, int how)
{
	return DO(f, xLock, how);
}

static int f_unlock(sqlite3_file *f, int how)
{
	return DO(f, xUnlock, how);
}

static int f_locked(sqlite3_file *f, int *out)
{
	return DO(f, xCheckReservedLock, out);
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
	return DO(f, xFileControl, op, arg);
}

static int f_sector(sqlite3_file *f)
{
	(void)f;
	return SECTOR;
}

static int f_device(sqlite3_file *f)
{
	return BELOW(f)->pMethods->xDeviceCharacteristics(BELOW(f));
}

static int f_shm(sqlite3_file *f, int page, int n, int more, void volatile **out)
{
	return DO(f, xShmMap, page, n, more, out);
}

static int f_shm_lock(sqlite3_file *f, int at, int n, int how)
{
	return DO(f, xShmLock, at, n, how);
}

static void f_barrier(sqlite3_file *f)
{
	BELOW(f)->pMethods->xShmBarrier(BELOW(f));
}

static int f_unmap(sqlite3_file *f, int gone)
{
	return DO(f, xShmUnmap, gone);
}


static int f_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
	int r = DO(f, xWrite, bytes, n, at);

	pend(((struct file *)f)->disk, (size_t)at, bytes, (size_t)n);
	return r;
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	int r = DO(f, xTruncate, n);

	pend(((struct file *)f)->disk, (size_t)n, NULL, 0);
	return r;
}

static int f_sync(sqlite3_file *f, int how)
{
	flush_disk(((struct file *)f)->disk);
	return DO(f, xSync, how);
}

static const sqlite3_io_methods methods = {
	2, f_close, f_read, f_write, f_truncate, f_sync, f_size, f_lock, f_unlock, f_locked,
	f_control, f_sector, f_device, f_shm, f_shm_lock, f_barrier, f_unmap, NULL, NULL,
};

static int v_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *f, int how, int *did)
{
	struct file *own = (struct file *)f;
	int r;

	(void)vfs;
	if (layer.off || !name)
		return layer.below->xOpen(layer.below, name, f, how, did);
	own->below = (sqlite3_file *)(own + 1);
	own->disk = &disks[how & SQLITE_OPEN_WAL ? 1 : how & SQLITE_OPEN_MAIN_JOURNAL ? 2 : 0];
	own->base.pMethods = NULL;
	r = layer.below->xOpen(layer.below, name, own->below, how, did);
	if (own->below->pMethods)
		own->base.pMethods = &methods;
	return r;
}

/* Of what is below only the journal of the very first transaction goes while it is open. */
static int v_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	if (!layer.off) {
		flush_disk(&disks[2]);
		disks[2].n = 0;
	}
	return layer.below->xDelete(layer.below, name, sync);
}

/* The next databases are opened through it.  look: gets what `most` cuts leave of the one at
 * path. */
static void powercut_begin(const char *path, uint64_t most, void (*look)(const char *file))
{
	layer.path = path;
	layer.most = most;
	layer.look = look;
	layer.below = sqlite3_vfs_find(NULL);
	layer.vfs = *layer.below;
	layer.vfs.zName = "layer";
	layer.vfs.pNext = NULL;
	layer.vfs.szOsFile += (int)sizeof(struct file);
	layer.vfs.xOpen = v_open;
	layer.vfs.xDelete = v_delete;
	layer.cut_at = 1;
	assert_int_equal(sqlite3_vfs_register(&layer.vfs, 1), SQLITE_OK);
}

/* When all of them are closed, with layer.off set before. */
static void powercut_end(void)
{
	sqlite3_vfs_unregister(&layer.vfs);
	for (unsigned i = 0; i < FILES; i++) {
		flush_disk(&disks[i]);
		free(disks[i].pending);
		free(disks[i].bytes);
	}
}

#endif
