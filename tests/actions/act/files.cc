// Opens and changes of names.
#include <fcntl.h>
#include <sys/stat.h>
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

int move(Words words) { return need(rename(words[0], words[1]), words[0]); }
int remove_file(Words words) { return need(unlink(words[0]), words[0]); }
int make_directory(Words words) { return need(mkdir(words[0], 0755), words[0]); }
int make_symlink(Words words) { return need(symlink(words[0], words[1]), words[1]); }
int make_link(Words words) { return need(link(words[0], words[1]), words[1]); }
int change_mode(Words words) {
  return need(chmod(words[1], static_cast<mode_t>(std::stoul(words[0], nullptr, 8))), words[1]);
}

constexpr Verb kVerbs[] = {
    {"read", "FILE", 1, read_file},
    {"read-late", "SECONDS FILE", 2, read_late},
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
};

}  // namespace

std::span<const Verb> file_verbs() { return kVerbs; }

}  // namespace act
