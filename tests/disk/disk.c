/* A disk that fails, for tests: preloaded before a program, it stands between it and the files below one directory.
 *
 * MALOTE_DISK       the directory
 * MALOTE_DISK_FAULT full   from the n-th write on there is no space (ENOSPC)
 *                   broken the n-th write or sync fails (EIO)
 *                   kill   the n-th write is half done when the process is killed
 *                   power  the power fails at the n-th write or sync: what was not synced is on the disk or not, by chance
 *                   ""     nothing; the writes are counted
 * MALOTE_DISK_AT    n, from 1
 * MALOTE_DISK_SEED  for chance
 * MALOTE_DISK_COUNT a file that is told how many writes and syncs there were
 *
 * The shared memory of SQLite's log index is left alone: it does not outlive a process, and is made anew.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE, CUT, MADE, MOVED };

/* Something done since the last sync of its file (or, for names, of its directory). */
struct deed {
	int kind;
	char path[PATH_MAX];
	char to[PATH_MAX];
	off_t at;
	size_t length;
	unsigned char *old;
	off_t old_size;
	unsigned char *now;
	struct deed *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct deed *first, *last;
static const char *dir, *fault;
static long at, count;
static unsigned long seed;
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_ftruncate)(int, off_t);
static int (*real_rename)(const char *, const char *), (*real_open)(const char *, int, ...);

static void begin(void) __attribute__((constructor));
static void begin(void)
{
	real_write = dlsym(RTLD_NEXT, "write");
	real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
	real_fsync = dlsym(RTLD_NEXT, "fsync");
	real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
	real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
	real_rename = dlsym(RTLD_NEXT, "rename");
	real_open = dlsym(RTLD_NEXT, "open64");
	dir = getenv("MALOTE_DISK");
	fault = getenv("MALOTE_DISK_FAULT") ? getenv("MALOTE_DISK_FAULT") : "";
	at = getenv("MALOTE_DISK_AT") ? atol(getenv("MALOTE_DISK_AT")) : 0;
	seed = getenv("MALOTE_DISK_SEED") ? strtoul(getenv("MALOTE_DISK_SEED"), NULL, 10) : 1;
}

static void end(void) __attribute__((destructor));
static void end(void)
{
	const char *to = getenv("MALOTE_DISK_COUNT");
	if (!to)
		return;
	FILE *f = fopen(to, "w");
	if (f) {
		fprintf(f, "%ld", count);
		fclose(f);
	}
}

static int is(const char *name) { return strcmp(fault, name) == 0; }

static int ours_by_name(const char *path)
{
	size_t n = dir ? strlen(dir) : 0, m = strlen(path);
	return n && strncmp(path, dir, n) == 0 && (path[n] == '/' || !path[n]) && !(m > 4 && strcmp(path + m - 4, "-shm") == 0)
		&& !(m > 5 && strcmp(path + m - 5, ".lock") == 0);
}

static int ours(int fd, char *path)
{
	char link[64];
	if (!dir)
		return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, PATH_MAX - 1);
	if (n <= 0)
		return 0;
	path[n] = 0;
	return ours_by_name(path);
}

static void remember(struct deed *d)
{
	d->next = NULL;
	if (last)
		last->next = d;
	else
		first = d;
	last = d;
}

static struct deed *deed(int kind, const char *path)
{
	struct deed *d = calloc(1, sizeof *d);
	d->kind = kind;
	snprintf(d->path, PATH_MAX, "%s", path);
	return d;
}

/* Forgets what a sync has made durable: the contents of a file, or the names in a directory. */
static void synced(const char *path)
{
	struct stat st;
	int directory = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	struct deed **link = &first;
	last = NULL;
	while (*link) {
		struct deed *d = *link;
		char parent[PATH_MAX];
		snprintf(parent, PATH_MAX, "%s", d->path);
		char *slash = strrchr(parent, '/');
		if (slash)
			*slash = 0;
		int name = d->kind == MADE || d->kind == MOVED;
		if (directory ? name && strcmp(parent, path) == 0 : !name && strcmp(d->path, path) == 0) {
			*link = d->next;
			free(d->old);
			free(d->now);
			free(d);
		} else {
			last = d;
			link = &d->next;
		}
	}
}

static int chance(void)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (seed >> 40) & 1;
}

static void put(const char *path, off_t at, const void *bytes, size_t length)
{
	int fd = real_open(path, O_WRONLY);
	if (fd >= 0) {
		if (length)
			(void)!real_pwrite(fd, bytes, length, at);
		close(fd);
	}
}

static void cut(const char *path, off_t size)
{
	(void)!truncate(path, size);
}

/* Back to what was synced, then forward again with some of the rest: a disk writes in the order it likes. */
static void lose_power(void)
{
	size_t n = 0, i;
	for (struct deed *d = first; d; d = d->next)
		n++;
	struct deed **all = calloc(n + 1, sizeof *all);
	i = 0;
	for (struct deed *d = first; d; d = d->next)
		all[i++] = d;
	for (i = n; i-- > 0;) {
		struct deed *d = all[i];
		if (d->kind == WRITE) {
			put(d->path, d->at, d->old, d->old_size > d->at ? (size_t)(d->old_size - d->at) < d->length ? (size_t)(d->old_size - d->at) : d->length : 0);
			struct stat st;
			if (stat(d->path, &st) == 0 && st.st_size > d->old_size)
				cut(d->path, d->old_size);
		} else if (d->kind == CUT) {
			cut(d->path, d->old_size);
			put(d->path, d->at, d->old, d->length);
		}
	}
	for (i = 0; i < n; i++) {
		struct deed *d = all[i];
		if (d->kind == WRITE && chance()) {
			/* a sector may be torn */
			size_t length = chance() ? d->length : d->length / 2;
			put(d->path, d->at, d->now, length);
		} else if (d->kind == CUT && chance()) {
			cut(d->path, d->at);
		}
	}
	/* Names last: they are by path. The newest first. */
	for (i = n; i-- > 0;) {
		struct deed *d = all[i];
		if (d->kind == MOVED && chance())
			real_rename(d->to, d->path);
		else if (d->kind == MADE && chance())
			unlink(d->path);
	}
	kill(getpid(), SIGKILL);
}

static void read_old(const char *path, off_t where, size_t length, struct deed *d)
{
	struct stat st;
	d->old_size = stat(path, &st) == 0 ? st.st_size : 0;
	d->old = calloc(1, length + 1);
	int fd = real_open(path, O_RDONLY);
	if (fd >= 0) {
		(void)!pread(fd, d->old, length, where);
		close(fd);
	}
}

/* -1: it fails, errno is set; 0: it goes on; 1: half of it is to be written, then the process ends. */
static int turn(int is_write)
{
	count++;
	if (is("full") && is_write && count >= at) {
		errno = ENOSPC;
		return -1;
	}
	if (count != at)
		return 0;
	if (is("broken")) {
		errno = EIO;
		return -1;
	}
	if (is("kill"))
		return 1;
	if (is("power"))
		lose_power();
	return 0;
}

static ssize_t writing(int fd, const void *bytes, size_t length, off_t where, int moves)
{
	char path[PATH_MAX];
	if (!ours(fd, path))
		return moves ? real_write(fd, bytes, length) : real_pwrite(fd, bytes, length, where);
	pthread_mutex_lock(&lock);
	int what = turn(1);
	if (what < 0) {
		int e = errno;
		pthread_mutex_unlock(&lock);
		errno = e;
		return -1;
	}
	off_t place = moves ? lseek(fd, 0, SEEK_CUR) : where;
	if (what > 0) {
		(void)!real_pwrite(fd, bytes, length / 2, place);
		kill(getpid(), SIGKILL);
	}
	if (is("power")) {
		struct deed *d = deed(WRITE, path);
		d->at = place;
		d->length = length;
		read_old(path, place, length, d);
		d->now = malloc(length + 1);
		memcpy(d->now, bytes, length);
		remember(d);
	}
	ssize_t n = moves ? real_write(fd, bytes, length) : real_pwrite(fd, bytes, length, where);
	pthread_mutex_unlock(&lock);
	return n;
}

ssize_t write(int fd, const void *bytes, size_t length) { return writing(fd, bytes, length, 0, 1); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t where) { return writing(fd, bytes, length, where, 0); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t where) { return writing(fd, bytes, length, where, 0); }

static int syncing(int fd, int (*real)(int))
{
	char path[PATH_MAX];
	if (!ours(fd, path))
		return real(fd);
	pthread_mutex_lock(&lock);
	int what = turn(0), r = -1, e = errno;
	if (what > 0)
		kill(getpid(), SIGKILL);
	if (what == 0) {
		/* The page cache is not on trial here, and the machine's own disk is slow. */
		r = 0;
		synced(path);
	}
	pthread_mutex_unlock(&lock);
	errno = e;
	return r;
}

int fsync(int fd) { return syncing(fd, real_fsync); }
int fdatasync(int fd) { return syncing(fd, real_fdatasync); }

static int cutting(int fd, off_t size)
{
	char path[PATH_MAX];
	if (!ours(fd, path))
		return real_ftruncate(fd, size);
	pthread_mutex_lock(&lock);
	if (turn(1) < 0) {
		int e = errno;
		pthread_mutex_unlock(&lock);
		errno = e;
		return -1;
	}
	if (is("power")) {
		struct stat st;
		struct deed *d = deed(CUT, path);
		d->at = size;
		d->length = stat(path, &st) == 0 && st.st_size > size ? st.st_size - size : 0;
		read_old(path, size, d->length, d);
		remember(d);
	}
	int r = real_ftruncate(fd, size);
	pthread_mutex_unlock(&lock);
	return r;
}

int ftruncate(int fd, off_t size) { return cutting(fd, size); }
int ftruncate64(int fd, off_t size) { return cutting(fd, size); }

int rename(const char *from, const char *to)
{
	if (!dir || !ours_by_name(to))
		return real_rename(from, to);
	pthread_mutex_lock(&lock);
	int what = turn(1), r = -1, e = errno;
	if (what > 0)
		kill(getpid(), SIGKILL);
	if (what == 0) {
		r = real_rename(from, to);
		e = errno;
		if (r == 0 && is("power")) {
			/* Contents follow their name. */
			for (struct deed *d = first; d; d = d->next)
				if (strcmp(d->path, from) == 0)
					snprintf(d->path, PATH_MAX, "%s", to);
			struct deed *d = deed(MOVED, from);
			snprintf(d->to, PATH_MAX, "%s", to);
			remember(d);
		}
	}
	pthread_mutex_unlock(&lock);
	errno = e;
	return r;
}

static int opening(const char *path, int flags, mode_t mode)
{
	struct stat st;
	int fresh = dir && (flags & O_CREAT) && ours_by_name(path) && stat(path, &st) != 0;
	int fd = real_open(path, flags, mode);
	if (fresh && fd >= 0 && is("power")) {
		pthread_mutex_lock(&lock);
		remember(deed(MADE, path));
		pthread_mutex_unlock(&lock);
	}
	return fd;
}

int open(const char *path, int flags, ...)
{
	va_list list;
	va_start(list, flags);
	mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
	va_end(list);
	return opening(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list list;
	va_start(list, flags);
	mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
	va_end(list);
	return opening(path, flags, mode);
}
