// Files: random opens in random words, and random changes of names.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "stress.h"

namespace stress {
namespace {

struct Named {
  std::string_view name;
  int value;
};
constexpr std::array<Named, 3> kAccess = {
    {{"O_RDONLY", O_RDONLY}, {"O_WRONLY", O_WRONLY}, {"O_RDWR", O_RDWR}}};
constexpr std::array<Named, 9> kFlags = {{{"O_CREAT", O_CREAT},
                                          {"O_EXCL", O_EXCL},
                                          {"O_TRUNC", O_TRUNC},
                                          {"O_APPEND", O_APPEND},
                                          {"O_CLOEXEC", O_CLOEXEC},
                                          {"O_NONBLOCK", O_NONBLOCK},
                                          {"O_DIRECTORY", O_DIRECTORY},
                                          {"O_SYNC", O_SYNC},
                                          {"O_DIRECT", O_DIRECT}}};
constexpr std::array<std::string_view, 9> kFiles = {
    "plain", "with blank", "d0/file", "d1/deep er/file", "link/file", "flink", "missing", "none/nor", "new"};

// One way to say where a file is: the word for the call, and the directory that it starts from.
struct Place {
  std::string word;
  int directory = AT_FDCWD;
  std::string base = {};  // what the directory's descriptor stands for; empty for AT_FDCWD
};

Place random_place(const Part& part, Dice& dice, std::string file) {
  static int created = 0;
  if (file == "new") file = "d0/new-" + part.token + "-" + std::to_string(++created);
  const std::string root = part.folder + "/play";
  switch (dice.roll(4)) {
    case 0:
      return {root + "/" + file};
    case 1:
      return {root + "/d0/.././/" + file};
    case 2: {
      const int directory = open((root + "/d1").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
      return {"../" + file, directory, root + "/d1"};
    }
    default:
      return {"../../../../../../../../../.." + root + "/./" + file};
  }
}

void finish(const Part& part, Json line, const Place& place, const std::string& cwd) {
  line["word"] = place.word;
  line["base"] = place.base.empty() ? cwd : place.base;
  write_line(part, std::move(line));
  if (place.directory >= 0) close(place.directory);
}

long call_open(std::size_t how, const Place& place, int flags, mode_t mode, Json& line) {
  if (how == 0) {
    open_how wanted{};
    wanted.flags = static_cast<unsigned>(flags);
    wanted.mode = (flags & O_CREAT) != 0 ? mode : 0;
    line["call"] = "openat2";
    return syscall(SYS_openat2, place.directory, place.word.c_str(), &wanted, sizeof(wanted));
  }
#ifdef SYS_open
  if (how == 1 && place.directory == AT_FDCWD) {
    line["call"] = "open";
    return syscall(SYS_open, place.word.c_str(), flags, mode);
  }
#endif
  line["call"] = "openat";
  return syscall(SYS_openat, place.directory, place.word.c_str(), flags, mode);
}

void open_once(const Part& part, Dice& dice) {
  const Place place = random_place(part, dice, std::string(dice.pick(kFiles)));
  const Named access = dice.pick(kAccess);
  int flags = access.value;
  Json names = {access.name};
  for (const Named& flag : kFlags) {
    if (!dice.chance(flag.value == O_CREAT ? 40 : 12)) continue;
    flags |= flag.value;
    names.push_back(flag.name);
  }
  constexpr std::array<mode_t, 5> kModes = {0600, 0644, 0755, 0700, 04755};
  const mode_t mode = dice.pick(kModes);
  Json line{{"kind", "open"},
            {"flags", names},
            {"mode", mode},
            {"tid", gettid()},
            {"cwd", read_link("/proc/self/cwd")}};
  long fd = call_open(dice.roll(3), place, flags, mode, line);
  if (fd < 0) fd = -errno;
  line["result"] = fd;
  line["error"] = error_name(fd);
  if (fd >= 0) {
    struct stat about{};
    if (fstat(static_cast<int>(fd), &about) != 0) fail("fstat");
    line["ino"] = about.st_ino;
    line["major"] = about.st_dev >> 8 & 0xfff;
    line["minor"] = (about.st_dev & 0xff) | (about.st_dev >> 12 & 0xfff00);
    line["directory"] = S_ISDIR(about.st_mode);
    line["resolved"] = read_link("/proc/self/fd/" + std::to_string(fd));
    close(static_cast<int>(fd));
  }
  const std::string cwd = line["cwd"];
  finish(part, std::move(line), place, cwd);
}

}  // namespace

std::string read_link(const std::string& path) {
  char text[4096];
  const auto size = readlink(path.c_str(), text, sizeof(text));
  return size < 0 ? std::string() : std::string(text, static_cast<std::size_t>(size));
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string error_name(long result) {
  return result < 0 ? strerrorname_np(static_cast<int>(-result)) : std::string();
}

void fail(std::string_view what) {
  std::fprintf(stderr, "stress: %.*s: %s\n", static_cast<int>(what.size()), what.data(),
               std::strerror(errno));
  std::exit(1);
}

void write_line(const Part& part, Json line) {
  line["token"] = part.token;
  const std::string text = line.dump() + "\n";
  const int fd = open(part.log.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0 || write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail(part.log);
  close(fd);
}

void open_something(const Part& part, Dice& dice) {
  if (dice.chance(80)) return open_once(part, dice);
  std::thread other([&] { open_once(part, dice); });
  other.join();
}

void change_something(const Part& part, Dice& dice) {
  static int made = 0;
  const std::string play = part.folder + "/play/d0/";
  const std::string first = play + "c-" + part.token + "-" + std::to_string(++made);
  const std::string second = first + "-2";
  // Something to rename or remove, by a call that nobody watches.
  if (dice.chance(40) && mknod(first.c_str(), S_IFREG | 0600, 0) != 0) fail("mknod");
  Json line{{"kind", "change"}, {"first", first}, {"second", second}};
  long result = 0;
  switch (dice.roll(7)) {
    case 0:
      line["call"] = "mkdirat";
      result = syscall(SYS_mkdirat, AT_FDCWD, first.c_str(), 0750);
      line["arguments"] = {{"path", first}};
      break;
    case 1:
      line["call"] = "symlinkat";
      result = syscall(SYS_symlinkat, "to nowhere", AT_FDCWD, first.c_str());
      line["arguments"] = {{"target", "to nowhere"}, {"linkpath", first}};
      break;
    case 2:
      line["call"] = "linkat";
      result = syscall(SYS_linkat, AT_FDCWD, (play + "file").c_str(), AT_FDCWD, first.c_str(), 0);
      line["arguments"] = {{"oldpath", play + "file"}, {"newpath", first}};
      break;
    case 3:
      line["call"] = "renameat2";
      result = syscall(SYS_renameat2, AT_FDCWD, first.c_str(), AT_FDCWD, second.c_str(), 0);
      line["arguments"] = {{"oldpath", first}, {"newpath", second}};
      break;
    case 4:
      line["call"] = "unlinkat";
      result = syscall(SYS_unlinkat, AT_FDCWD, first.c_str(), 0);
      line["arguments"] = {{"name", first}};
      break;
    case 5:
      line["call"] = "fchmodat";
      result = syscall(SYS_fchmodat, AT_FDCWD, (play + "file").c_str(), 0644);
      line["arguments"] = {{"filename", play + "file"}};
      break;
    default:
      line["call"] = "chdir";
      result = syscall(SYS_chdir, (play + "none").c_str());
      line["arguments"] = {{"path", play + "none"}};
  }
  if (result < 0) result = -errno;
  line["result"] = result;
  line["error"] = error_name(result);
  write_line(part, std::move(line));
}

}  // namespace stress
