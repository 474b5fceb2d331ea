"""Shared by the short memory test and the long one (make memory): the agent in a cgroup of 138 MiB, loaded hard."""

import contextlib
import os
import subprocess
import tempfile
import time
import unittest

LIMIT = 138 * 1024 * 1024
V1 = "/sys/fs/cgroup/memory"

# A child that shares our memory and waits for ever: a process as the kernel counts them, for some 20 KiB.
CROWD = r"""
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
static int wait_for_ever(void *unused) { (void)unused; for (;;) pause(); }
int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 0, made = 0;
	char *stacks = mmap(NULL, (size_t)count * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stacks == MAP_FAILED) return 1;
	setpgid(0, 0);
	while (made < count && clone(wait_for_ever, stacks + (size_t)(made + 1) * 4096, CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD, NULL) > 0)
		made++;
	printf("%d\n", made);
	fflush(stdout);
	getchar();
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	kill(0, SIGKILL);
	return 0;
}
"""

# Opens of a file that a rule wants, as fast as they go, from two processes.
OPENS = r"""
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	long rate = atol(argv[2]), count = rate * atol(argv[3]);
	struct timespec begin, now;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (long i = 0; i < count; i++) {
		int fd = open(argv[1], O_RDONLY);
		if (fd >= 0) close(fd);
		if (i % 100 == 99) { /* no faster than asked */
			for (;;) {
				clock_gettime(CLOCK_MONOTONIC, &now);
				double due = (double)(i + 1) / (double)rate;
				double passed = (double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9;
				if (passed >= due) break;
				struct timespec rest = {0, 1000000};
				nanosleep(&rest, NULL);
			}
		}
	}
	return 0;
}
"""


def build(directory, name, source):
    path = os.path.join(directory, name)
    with open(path + ".c", "w") as file:
        file.write(source)
    subprocess.run(["cc", "-O1", "-w", "-o", path, path + ".c"], check=True)
    return path


PID_LIMITS = ("/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max")


@contextlib.contextmanager
def many_pids(count):
    """The machine may have so many processes beside those that are there; as it was afterwards."""
    before = {}
    for path in PID_LIMITS:
        with open(path) as file:
            limit = int(file.read())
        if limit < 2 * count:
            before[path] = limit
            with open(path, "w") as file:
                file.write(str(4 * count))
    try:
        yield
    finally:
        # While they are still ending nobody could start anything with the limits that there were.
        while before and sum(name.isdigit() for name in os.listdir("/proc")) > min(before.values()) // 4:
            time.sleep(0.1)
        for path, limit in before.items():
            with open(path, "w") as file:
                file.write(str(limit))


class MemoryCgroup:
    """A cgroup of our own with a limit; `prefix` starts a command in it."""

    def __init__(self, limit=LIMIT):
        self.v1 = os.path.isdir(V1)
        self.path = tempfile.mkdtemp(prefix="saker-memory-", dir=V1 if self.v1 else "/sys/fs/cgroup")
        limit_file = os.path.join(self.path, "memory.limit_in_bytes" if self.v1 else "memory.max")
        if not os.path.exists(limit_file) or not (self.v1 or os.path.exists(os.path.join(self.path, "memory.peak"))):
            os.rmdir(self.path)
            raise unittest.SkipTest("cgroups have no memory controller here, or one that does not tell the peak")
        with open(limit_file, "w") as file:
            file.write(str(limit))
        self.prefix = ("sh", "-c", f'echo $$ >{self.path}/cgroup.procs && exec "$@"', "sh")

    def read(self, name):
        with open(os.path.join(self.path, name)) as file:
            return file.read()

    def peak(self):
        return int(self.read("memory.max_usage_in_bytes" if self.v1 else "memory.peak"))

    def killed(self):
        lines = self.read("memory.oom_control" if self.v1 else "memory.events").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))

    def remove(self):
        for _ in range(100):
            try:
                os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.05)
