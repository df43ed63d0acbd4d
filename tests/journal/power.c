/* A disk for tests, under a program by LD_PRELOAD: each sync takes DISK_SYNC_MS, is counted in DISK_SYNCED/count, and
   only then is what was written safe, which is a copy of the file in DISK_SYNCED. Killing the program is a power cut then:
   the copies are what a disk that lost all that was not synced would have. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t alone = PTHREAD_MUTEX_INITIALIZER;

static void safe(int fd) {
    const char *synced = getenv("DISK_SYNCED"), *delay = getenv("DISK_SYNC_MS");
    char link[64], path[PATH_MAX], fresh[PATH_MAX + 64], copy[PATH_MAX + 64];
    if (!synced) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = 0;
    const char *name = strrchr(path, '/') + 1;
    if (delay) usleep(1000 * (useconds_t)atoi(delay));
    if (!strstr(name, ".sqlite")) return;
    pthread_mutex_lock(&alone);
    snprintf(fresh, sizeof fresh, "%s/fresh", synced);
    snprintf(copy, sizeof copy, "%s/%s", synced, name);
    /* By another descriptor than SQLite's. It must not be closed in this process: that would drop SQLite's locks. */
    static struct { char path[PATH_MAX]; int fd; } known[16];
    int from = -1;
    for (int i = 0; i < 16 && from < 0; i++) {
        if (!known[i].path[0]) {
            strcpy(known[i].path, path);
            known[i].fd = open(path, O_RDONLY | O_CLOEXEC);
        }
        if (!strcmp(known[i].path, path)) from = known[i].fd;
    }
    int to = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    static char bytes[1 << 16];
    off_t at = 0;
    for (ssize_t got; (got = pread(from, bytes, sizeof bytes, at)) > 0; at += got)
        if (write(to, bytes, (size_t)got) != got) abort();
    close(to);
    rename(fresh, copy);
    char count[PATH_MAX];
    snprintf(count, sizeof count, "%s/count", synced);
    int counter = open(count, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (write(counter, ".", 1) != 1) abort();
    close(counter);
    pthread_mutex_unlock(&alone);
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int result = real(fd);
    if (result == 0) safe(fd);
    return result;
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int result = real(fd);
    if (result == 0) safe(fd);
    return result;
}
