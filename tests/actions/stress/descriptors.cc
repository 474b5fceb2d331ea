// Descriptors of all the other kinds.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <csignal>

#include "stress.h"

namespace stress {
namespace {

// The call that made it, the type that it should be told as, and its inode.
void tell(const Part& part, const char* call, const char* type, int fd, std::string_view name = {}) {
  if (fd < 0) fail(call);
  struct stat about{};
  if (fstat(fd, &about) != 0) fail("fstat");
  write_line(part, {{"kind", "descriptor"},
                    {"call", call},
                    {"type", type},
                    {"fd", fd},
                    {"ino", about.st_ino},
                    {"name", name}});
}

void copy_one(const Part& part, Dice& dice) {
  const std::string path = part.folder + "/play/d1";
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const int copy = dice.chance(50) ? dup3(fd, 200 + static_cast<int>(dice.roll(50)), O_CLOEXEC) : -1;
  if (copy >= 0) tell(part, "dup3", "directory", copy, path);
  const int simple = copy < 0 ? dup(fd) : -1;
  if (simple >= 0) tell(part, "dup", "directory", simple, path);
  for (const int each : {fd, copy, simple}) close(each);
}

}  // namespace

void make_descriptor(const Part& part, Dice& dice) {
  sigset_t signals;
  sigemptyset(&signals);
  int fd = -1;
  switch (dice.roll(8)) {
    case 0:
      tell(part, "eventfd2", "event", fd = eventfd(0, EFD_CLOEXEC));
      break;
    case 1:
      tell(part, "timerfd_create", "timerfd", fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
      break;
    case 2:
      tell(part, "epoll_create1", "eventpoll", fd = epoll_create1(EPOLL_CLOEXEC));
      break;
    case 3:
      tell(part, "inotify_init1", "inotify", fd = inotify_init1(IN_CLOEXEC));
      break;
    case 4:
      tell(part, "signalfd4", "signalfd", fd = signalfd(-1, &signals, SFD_CLOEXEC));
      break;
    case 5:
      tell(part, "memfd_create", "memfd", fd = memfd_create("of stress", MFD_CLOEXEC), "of stress");
      break;
    case 6:
      tell(part, "pidfd_open", "pidfd", fd = static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
      break;
    default:
      return copy_one(part, dice);
  }
  close(fd);
}

}  // namespace stress
