// Who runs what: names, users, working directories, environments, parents.
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "verbs.h"

namespace act {
namespace {

int exec(Words words) {
  execvp(words[0], words.data());
  fail(words[0]);
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string word; std::getline(in, word, '\t');) words.push_back(word);
  return words;
}

// Each line of the file is a program with its words, tabs between them. They run one after the other, each
// with /dev/null as its input; "LINE STATUS" is printed for each.
int batch(Words words) {
  std::ifstream lines(words[0]);
  if (!lines) fail(words[0]);
  std::string line;
  for (int i = 0; std::getline(lines, line); ++i) {
    std::vector<std::string> texts = split(line);
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    const int status = run_child(Words(pointers.data(), texts.size()));
    std::printf("%d %d\n", i, status);
    std::fflush(stdout);
  }
  return 0;
}

int spawn(Words words) { return run_child(words); }

int as(Words words) {
  const auto id = static_cast<unsigned>(number(words[0]));
  need(setresgid(id, id, id), "setresgid");
  need(setresuid(id, id, id), "setresuid");
  return exec(words.subspan(1));
}

int in(Words words) {
  need(chdir(words[0]), words[0]);
  return exec(words.subspan(1));
}

int env(Words words) {
  need(putenv(words[0]), words[0]);
  return exec(words.subspan(1));
}

int become(Words words) {
  // The C library changes all threads; the rule wants the plain call. A refusal is told as well.
  std::printf("setuid: %ld\n", syscall(SYS_setuid, number(words[0])));
  return 0;
}

int leave_namespace(Words) {
  std::printf("unshare: %d\n", unshare(CLONE_NEWUTS));
  return 0;
}

int enter_namespace(Words) {
  const int own = need(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "/proc/self/ns/net");
  return need(setns(own, CLONE_NEWNET), "setns");
}

int attach(Words) {
  const pid_t child = need(fork(), "fork");
  if (child == 0) {
    pause();
    _exit(0);
  }
  need(ptrace(PTRACE_ATTACH, child, nullptr, nullptr), "ptrace");
  need(waitpid(child, nullptr, 0), "waitpid");
  need(kill(child, SIGKILL), "kill");
  need(waitpid(child, nullptr, 0), "waitpid");
  return 0;
}

int trace_me(Words) {
  const pid_t child = need(fork(), "fork");
  if (child == 0) _exit(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) < 0 ? 1 : 0);
  int status = 0;
  need(waitpid(child, &status, 0), "waitpid");
  return WEXITSTATUS(status);
}

// This program, copied into memory and run from there, by a call of the caller's choice.
int memory_copy() {
  const int own = need(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), "/proc/self/exe");
  const int memory = need(memfd_create("act", MFD_CLOEXEC), "memfd_create");
  while (need(sendfile(memory, own, nullptr, 1 << 20), "sendfile") > 0) {
  }
  return memory;
}

int exec_memory(Words words) {
  syscall(SYS_execveat, memory_copy(), "", words.data(), environ, AT_EMPTY_PATH);
  fail("execveat");
}

int exec_memory_by_name(Words words) {
  const std::string name = "/proc/self/fd/" + std::to_string(memory_copy());
  execv(name.c_str(), words.data());
  fail(name);
}

constexpr Verb kVerbs[] = {
    {"batch", "FILE", 1, batch},
    {"spawn", "PROGRAM ...", 1, spawn},
    {"as", "UID PROGRAM ...", 2, as},
    {"in", "DIRECTORY PROGRAM ...", 2, in},
    {"env", "NAME=VALUE PROGRAM ...", 2, env},
    {"setuid", "UID", 1, become},
    {"unshare", "", 0, leave_namespace},
    {"setns", "", 0, enter_namespace},
    {"ptrace-attach", "", 0, attach},
    {"ptrace-traceme", "", 0, trace_me},
    {"exec-memfd", "NAME WORDS ...", 1, exec_memory},
    {"exec-memfd-by-name", "NAME WORDS ...", 1, exec_memory_by_name},
};

}  // namespace

std::span<const Verb> process_verbs() { return kVerbs; }

}  // namespace act
