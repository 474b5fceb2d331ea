// Processes: what one is, and random others.
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>

#include "stress.h"

namespace stress {
namespace {

constexpr std::array<unsigned, 5> kIds = {1, 33, 1000, 12'345, 65'534};
// Pieces of random words: blanks, quotes, what a shell or a format would take for its own, and more than
// ASCII.
constexpr std::array<std::string_view, 16> kPieces = {"a",  "-x", "--long=", " ",  "  ", "\t", "'", "\"",
                                                      "\\", "%s", "$(x)",    "\n", "ü",  "日", "/", "=1"};

std::string random_word(Dice& dice) {
  std::string word;
  for (std::size_t left = dice.roll(12); left > 0; --left) word += dice.pick(kPieces);
  return word;
}

Json split(const std::string& text) {
  Json words = Json::array();
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, '\0');) words.push_back(word);
  return words;
}

// The fields of a stat file behind the name, which may have blanks and parentheses itself.
std::vector<long long> stat_fields(const std::string& folder) {
  const std::string text = read_file(folder + "/stat");
  const auto end = text.rfind(')');
  std::vector<long long> fields;
  if (end == std::string::npos) return fields;
  std::istringstream in(text.substr(end + 3));  // state is a letter
  for (long long field = 0; in >> field;) fields.push_back(field);
  return fields;
}

// What /proc shows of another process; nothing when it is gone.
Json describe(const std::string& folder) {
  Json about;
  std::string name = read_file(folder + "/comm");
  if (name.empty()) return nullptr;
  name.pop_back();
  about["comm"] = name;
  about["words"] = split(read_file(folder + "/cmdline"));
  about["exe"] = read_link(folder + "/exe");
  const auto fields = stat_fields(folder);
  if (fields.size() > 19) {
    about["parent"] = fields[0];
    about["group"] = fields[1];
    about["session"] = fields[2];
    about["tty"] = fields[3];
    about["start_ticks"] = fields[18];
  }
  return about;
}

std::string process_folder(long long pid) { return "/proc/" + std::to_string(pid); }

void set_environment(const Part& part, const std::string& token, unsigned seed) {
  setenv("STRESS_FOLDER", part.folder.c_str(), 1);
  setenv("STRESS_LOG", part.log.c_str(), 1);
  setenv("STRESS_TOKEN", token.c_str(), 1);
  setenv("STRESS_SEED", std::to_string(seed).c_str(), 1);
  setenv("STRESS_DEPTH", std::to_string(part.depth + 1).c_str(), 1);
}

void write_file(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const auto written = write(fd, text.data(), text.size());
  close(fd);
}

// Makes those of the permitted capabilities inheritable that are in the mask.
void keep_for_exec(unsigned mask) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (syscall(SYS_capget, &header, data.data()) != 0) fail("capget");
  data[0].inheritable = data[0].permitted & mask;
  if (syscall(SYS_capset, &header, data.data()) != 0) fail("capset");
}

// Session, group, directory, login, capabilities and user: each at random.
void change_process(const Part& part, Dice& dice) {
  if (dice.chance(20)) setsid();
  if (dice.chance(20)) setpgid(0, 0);
  constexpr std::array<std::string_view, 4> kFolders = {"/play", "/play/d0", "/play/d1/deep er",
                                                        "/play/link"};
  if (dice.chance(60) && chdir((part.folder + std::string(dice.pick(kFolders))).c_str()) != 0) fail("chdir");
  if (geteuid() != 0) return;
  // A login can be told once in a process's life, and by some kernels not at all.
  if (dice.chance(20)) write_file("/proc/self/loginuid", std::to_string(dice.pick(kIds)));
  if (dice.chance(20)) keep_for_exec(static_cast<unsigned>(dice.roll(1U << 31)));
  if (dice.chance(30)) {
    const unsigned id = dice.pick(kIds);
    if (setresgid(id, id, id) != 0) fail("setresgid");
  }
  if (dice.chance(30)) {
    const unsigned id = dice.pick(kIds);
    const unsigned real = dice.chance(50) ? id : 0;
    if (setresuid(real, id, real) != 0) fail("setresuid");
  }
}

[[noreturn]] void run_program(const Part& part, Dice& dice) {
  constexpr std::array<std::string_view, 9> kPrograms = {
      "plain", "with blank", ".hidden",   "a-name-longer-than-fifteen", "(sd-pam)", "x:y",
      "link",  "script",     "script two"};
  const std::string name(dice.pick(kPrograms));
  const std::string path = part.folder + "/bin/" + name;
  std::vector<std::string> words;
  words.push_back(dice.chance(70) ? name : random_word(dice));
  for (std::size_t left = dice.roll(8); left > 0; --left) words.push_back(random_word(dice));
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  switch (dice.roll(3)) {
    case 0:
      execv(path.c_str(), pointers.data());
      break;
    case 1: {  // a name relative to wherever this is
      const std::string up = "../../../../../../../../../../../.." + path;
      execv(up.c_str(), pointers.data());
      break;
    }
    default: {
      const int folder = open((part.folder + "/bin").c_str(), O_PATH | O_DIRECTORY);
      syscall(SYS_execveat, folder, name.c_str(), pointers.data(), environ, 0);
    }
  }
  fail("exec " + path);
}

}  // namespace

Json describe_process() {
  Json about = describe("/proc/self");
  struct stat exe{};
  if (stat("/proc/self/exe", &exe) != 0) fail("/proc/self/exe");
  about["exe_ino"] = exe.st_ino;
  about["exe_ctime"] = exe.st_ctim.tv_sec * 1'000'000'000LL + exe.st_ctim.tv_nsec;
  about["exe_mtime"] = exe.st_mtim.tv_sec * 1'000'000'000LL + exe.st_mtim.tv_nsec;
  about["exe_writable"] = euidaccess("/proc/self/exe", W_OK) == 0;
  // Of a program that changed users, not even itself may read /proc/self/environ.
  about["environment"] = Json::array();
  for (char** word = environ; *word != nullptr; ++word) about["environment"].push_back(*word);
  about["cwd"] = read_link("/proc/self/cwd");
  about["pid"] = getpid();
  about["euid"] = geteuid();
  about["egid"] = getegid();
  about["loginuid"] = std::strtoll(read_file("/proc/self/loginuid").c_str(), nullptr, 10);
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    for (const char* key : {"CapInh", "CapPrm", "CapEff", "NSpid"}) {
      if (line.starts_with(key)) about[key] = line.substr(line.find('\t') + 1);
    }
  }
  timespec boot{}, now{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  clock_gettime(CLOCK_REALTIME, &now);
  about["wall_minus_boot"] = (now.tv_sec - boot.tv_sec) * 1'000'000'000LL + now.tv_nsec - boot.tv_nsec;
  about["ticks_a_second"] = sysconf(_SC_CLK_TCK);
  // Its ancestors wait for it, so they are what they were at its start.
  Json ancestors = Json::array();
  for (long long pid = about.value("parent", 0LL); pid > 1 && ancestors.size() < 6;) {
    Json ancestor = describe(process_folder(pid));
    if (ancestor.is_null()) break;
    ancestor["pid"] = pid;
    pid = ancestor.value("parent", 0LL);
    ancestors.push_back(std::move(ancestor));
  }
  about["ancestors"] = std::move(ancestors);
  about["session_leader"] = describe(process_folder(about.value("session", 0LL)));
  about["group_leader"] = describe(process_folder(about.value("group", 0LL)));
  return about;
}

void fork_something(const Part& part, Dice& dice, int child) {
  const pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid == 0) {
    Part own = part;
    own.token += "+" + std::to_string(child);
    if (dice.chance(30)) setsid();
    Json line = describe_process();
    line["kind"] = "forked";
    write_line(own, std::move(line));
    open_something(own, dice);
    _exit(0);
  }
  if (waitpid(pid, nullptr, 0) != pid) fail("waitpid");
}

void start_something(const Part& part, Dice& dice, int child) {
  const std::string token = part.token + "." + std::to_string(child);
  const auto seed = static_cast<unsigned>(dice.roll(1U << 30));
  const pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid == 0) {
    set_environment(part, token, seed);
    change_process(part, dice);
    run_program(part, dice);
  }
  if (waitpid(pid, nullptr, 0) != pid) fail("waitpid");
}

}  // namespace stress
