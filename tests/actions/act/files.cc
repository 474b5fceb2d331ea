// Opens and changes of names.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "verbs.h"

namespace act {
namespace {

int read_file(Words words) {
  const int fd = need(open(words[0], O_RDONLY), words[0]);
  read_some(fd);
  return 0;
}

// The same, once this process is no longer young; it reads nothing of interest before.
int read_late(Words words) {
  std::this_thread::sleep_for(std::chrono::seconds(number(words[0])));
  return read_file(words.subspan(1));
}

// Until somebody makes FILE; says by FILE.awaited that it has come here.
int wait_for(Words words) {
  const std::string file = words[0];
  need(open((file + ".awaited").c_str(), O_WRONLY | O_CREAT, 0644), "awaited");
  for (int i = 0; i < 12'000; ++i) {
    if (access(words[0], F_OK) == 0) return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return 1;
}

int read_directory(Words words) {
  need(open(words[0], O_RDONLY | O_DIRECTORY), words[0]);
  return 0;
}

int open_for_nothing(Words words) { return open(words[0], O_RDONLY) < 0 ? 0 : 1; }

int write_file(Words words) {
  const int fd = need(open(words[0], O_WRONLY | O_CREAT, 0644), words[0]);
  return need(write(fd, "x", 1), "write") == 1 ? 0 : 1;
}

int truncate_file(Words words) {
  need(open(words[0], O_WRONLY | O_CREAT | O_TRUNC, 0644), words[0]);
  return 0;
}

int create(Words words) {
  need(open(words[0], O_WRONLY | O_CREAT | O_EXCL, static_cast<mode_t>(std::stoul(words[1], nullptr, 8))),
       words[0]);
  return 0;
}

// A descriptor of its own, opened once more through its name.
int write_own_descriptor(Words words) {
  const int fd = need(open(words[0], O_WRONLY | O_CREAT, 0644), words[0]);
  const int wanted = need(dup2(fd, static_cast<int>(number(words[1]))), "dup2");
  const std::string name = "/proc/self/fd/" + std::to_string(wanted);
  need(open(name.c_str(), O_WRONLY), name);
  return 0;
}

// The calls that every architecture has.
int move(Words words) {
  return need(syscall(SYS_renameat2, AT_FDCWD, words[0], AT_FDCWD, words[1], 0), words[0]);
}
int remove_file(Words words) { return need(syscall(SYS_unlinkat, AT_FDCWD, words[0], 0), words[0]); }
int make_directory(Words words) { return need(syscall(SYS_mkdirat, AT_FDCWD, words[0], 0755), words[0]); }
int make_symlink(Words words) { return need(syscall(SYS_symlinkat, words[0], AT_FDCWD, words[1]), words[1]); }
int make_link(Words words) {
  return need(syscall(SYS_linkat, AT_FDCWD, words[0], AT_FDCWD, words[1], 0), words[1]);
}
int change_mode(Words words) {
  return need(syscall(SYS_fchmodat, AT_FDCWD, words[1], std::stoul(words[0], nullptr, 8)), words[1]);
}

// And their forerunners, which x86 still has.
#ifdef SYS_rename
int old_move(Words words) { return need(syscall(SYS_rename, words[0], words[1]), words[0]); }
int old_remove(Words words) { return need(syscall(SYS_unlink, words[0]), words[0]); }
int old_make_directory(Words words) { return need(syscall(SYS_mkdir, words[0], 0755), words[0]); }
int old_make_symlink(Words words) { return need(syscall(SYS_symlink, words[0], words[1]), words[1]); }
int old_make_link(Words words) { return need(syscall(SYS_link, words[0], words[1]), words[1]); }
int old_change_mode(Words words) {
  return need(syscall(SYS_chmod, words[1], std::stoul(words[0], nullptr, 8)), words[1]);
}
int old_read(Words words) {
  read_some(need(syscall(SYS_open, words[0], O_RDONLY), words[0]));
  return 0;
}
int old_create(Words words) {
  return need(syscall(SYS_creat, words[0], std::stoul(words[1], nullptr, 8)), words[0]) < 0 ? 1 : 0;
}
#endif

constexpr Verb kVerbs[] = {
    {"read", "FILE", 1, read_file},
    {"read-late", "SECONDS FILE", 2, read_late},
    {"wait-for", "FILE", 1, wait_for},
    {"read-directory", "DIRECTORY", 1, read_directory},
    {"open-missing", "FILE", 1, open_for_nothing},
    {"write", "FILE", 1, write_file},
    {"truncate", "FILE", 1, truncate_file},
    {"create", "FILE MODE", 2, create},
    {"write-own-descriptor", "FILE NUMBER", 2, write_own_descriptor},
    {"rename", "FROM TO", 2, move},
    {"unlink", "FILE", 1, remove_file},
    {"mkdir", "DIRECTORY", 1, make_directory},
    {"symlink", "TARGET NAME", 2, make_symlink},
    {"link", "FILE NAME", 2, make_link},
    {"chmod", "MODE FILE", 2, change_mode},
#ifdef SYS_rename
    {"old-rename", "FROM TO", 2, old_move},
    {"old-unlink", "FILE", 1, old_remove},
    {"old-mkdir", "DIRECTORY", 1, old_make_directory},
    {"old-symlink", "TARGET NAME", 2, old_make_symlink},
    {"old-link", "FILE NAME", 2, old_make_link},
    {"old-chmod", "MODE FILE", 2, old_change_mode},
    {"old-read", "FILE", 1, old_read},
    {"old-create", "FILE MODE", 2, old_create},
#endif
};

}  // namespace

std::span<const Verb> file_verbs() { return kVerbs; }

}  // namespace act
