/* Loaded before the C library (LD_PRELOAD): bpf() answers as a kernel does that lacks what SAKER_TEST_LACKS says: bpf,
 * ring_buffer or tracing. Kernels so old bring no types, so none could be booted to try this. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

static int lacks(const char* what) {
  const char* named = getenv("SAKER_TEST_LACKS");
  return named != NULL && strcmp(named, what) == 0;
}

static int refusal(long command, const union bpf_attr* attributes) {
  if (lacks("bpf")) return ENOSYS;
  if (lacks("ring_buffer") && command == BPF_MAP_CREATE && attributes->map_type == BPF_MAP_TYPE_RINGBUF) return EINVAL;
  if (lacks("tracing") && command == BPF_PROG_LOAD && attributes->prog_type == BPF_PROG_TYPE_TRACING) return EINVAL;
  return 0;
}

long syscall(long number, ...) {
  long words[6];
  va_list arguments;
  va_start(arguments, number);
  for (int i = 0; i < 6; i++) words[i] = va_arg(arguments, long);
  va_end(arguments);
  const int error = number == SYS_bpf ? refusal(words[0], (const union bpf_attr*)words[1]) : 0;
  if (error != 0) {
    errno = error;
    return -1;
  }
  long (*next)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  return next(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}
