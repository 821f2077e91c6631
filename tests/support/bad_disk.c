/* A bad disk, loaded before the C library (LD_PRELOAD) into the real binary by tests/support/bad_disk.rs.
 *
 * It sees every operation that changes a file whose path begins with BAD_DISK_PREFIX: opening it for writing, write,
 * pwrite, ftruncate, fsync, fdatasync, rename, unlink. It numbers them from 1, fails the one numbered BAD_DISK_FAIL_AT
 * (with BAD_DISK_LASTING all that follow, too), and writes down what happened to BAD_DISK_LOG:
 *
 *   one line per operation: NUMBER OPERATION RESULT OFFSET LENGTH MILLISECONDS PATH
 *   after a line of `write` with LENGTH > 0 and BAD_DISK_BYTES set: so many raw bytes and a line feed
 *
 * A failing fsync says EIO, as a dying disk does; everything else says ENOSPC, as a full one does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t alone = PTHREAD_MUTEX_INITIALIZER;
static const char *prefix;
static long fail_at, count;
static int lasting, bytes, log_fd = -1, ready;

static void prepare(void) {
    if (ready) return;
    ready = 1;
    const char *at = getenv("BAD_DISK_FAIL_AT"), *log = getenv("BAD_DISK_LOG");
    prefix = getenv("BAD_DISK_PREFIX");
    fail_at = at ? atol(at) : 0;
    lasting = getenv("BAD_DISK_LASTING") != NULL;
    bytes = getenv("BAD_DISK_BYTES") != NULL;
    if (log) log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int ours(const char *path) {
    return prefix && path && strncmp(path, prefix, strlen(prefix)) == 0;
}

/* The path behind a descriptor; the empty text if it is none of ours. */
static void path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = 0;
    if (!ours(path)) path[0] = 0;
}

/* Counts an operation. True if it has to fail. */
static int fails(void) {
    count++;
    return fail_at > 0 && (lasting ? count >= fail_at : count == fail_at);
}

static void put(const char *data, size_t length) {
    while (length > 0) {
        ssize_t put = syscall(SYS_write, log_fd, data, length);
        if (put <= 0) return;
        data += put;
        length -= (size_t)put;
    }
}

static void note(const char *what, long result, long offset, size_t length, const char *path, const void *data) {
    if (log_fd < 0) return;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    char line[PATH_MAX + 128];
    int size = snprintf(line, sizeof line, "%ld %s %ld %ld %zu %lld %s\n", count, what, result, offset, length,
                        (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000, path);
    put(line, (size_t)size);
    if (data && bytes && length > 0) {
        put(data, length);
        put("\n", 1);
    }
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define ON_DESCRIPTOR(what, fd, offset, length, data, error, call)         \
    char path[PATH_MAX];                                                   \
    prepare();                                                             \
    path_of(fd, path);                                                     \
    if (!path[0]) return call;                                             \
    pthread_mutex_lock(&alone);                                            \
    int bad = fails();                                                     \
    long at = (long)(offset);                                              \
    long result = bad ? -1 : (long)(call);                                 \
    int kept = bad ? (error) : errno;                                      \
    note(what, result, at, length, path, result > 0 ? (data) : NULL);      \
    pthread_mutex_unlock(&alone);                                          \
    errno = kept;                                                          \
    return result

ssize_t write(int fd, const void *data, size_t length) {
    ON_DESCRIPTOR("write", fd, lseek(fd, 0, SEEK_CUR), length, data, ENOSPC, REAL(write)(fd, data, length));
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    ON_DESCRIPTOR("write", fd, offset, length, data, ENOSPC, REAL(pwrite)(fd, data, length, offset));
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    ON_DESCRIPTOR("write", fd, offset, length, data, ENOSPC, REAL(pwrite64)(fd, data, length, offset));
}

int ftruncate(int fd, off_t length) {
    ON_DESCRIPTOR("truncate", fd, length, 0, NULL, ENOSPC, REAL(ftruncate)(fd, length));
}

int ftruncate64(int fd, off64_t length) {
    ON_DESCRIPTOR("truncate", fd, length, 0, NULL, ENOSPC, REAL(ftruncate64)(fd, length));
}

int fsync(int fd) {
    ON_DESCRIPTOR("sync", fd, 0, 0, NULL, EIO, REAL(fsync)(fd));
}

int fdatasync(int fd) {
    ON_DESCRIPTOR("sync", fd, 0, 0, NULL, EIO, REAL(fdatasync)(fd));
}

#define ON_PATH(what, name, error, call)                                   \
    prepare();                                                             \
    if (!ours(name)) return call;                                          \
    pthread_mutex_lock(&alone);                                            \
    int bad = fails();                                                     \
    int result = bad ? -1 : (call);                                        \
    int kept = bad ? (error) : errno;                                      \
    note(what, result, 0, 0, name, NULL);                                  \
    pthread_mutex_unlock(&alone);                                          \
    errno = kept;                                                          \
    return result

int rename(const char *from, const char *to) {
    ON_PATH("rename", to, ENOSPC, REAL(rename)(from, to));
}

int unlink(const char *path) {
    ON_PATH("unlink", path, EIO, REAL(unlink)(path));
}

#define OPEN(name)                                                         \
    int name(const char *path, int flags, ...) {                           \
        va_list more;                                                      \
        va_start(more, flags);                                             \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;          \
        va_end(more);                                                      \
        if (!(flags & (O_WRONLY | O_RDWR | O_CREAT)))                      \
            return REAL(name)(path, flags, mode);                          \
        ON_PATH("open", path, ENOSPC, REAL(name)(path, flags, mode));      \
    }

OPEN(open)
OPEN(open64)
