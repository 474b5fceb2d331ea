// Arguments that are overwritten after the kernel has read them: a watcher that reads them again sees what
// was put there. Nothing here is left to luck but the race for exec, which ends in a program that says itself
// what ran.
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>

#include "network.h"
#include "verbs.h"

namespace act {
namespace {

// A lease on the file holds its open back; meanwhile the name becomes DECOY.
int race_open(Words words) {
  std::string name = words[0];
  const std::string decoy = words[1];
  name.reserve(name.size() + decoy.size() + 1);
  const int holder = need(open(words[0], O_WRONLY | O_CLOEXEC), words[0]);
  const int told = SIGRTMIN;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, told);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  need(fcntl(holder, F_SETSIG, told), "F_SETSIG");
  need(fcntl(holder, F_SETLEASE, F_WRLCK), "F_SETLEASE");
  std::thread other([&] {
    siginfo_t info;
    if (sigwaitinfo(&signals, &info) != told) fail("sigwaitinfo");
    std::strcpy(name.data(), decoy.c_str());
    need(fcntl(holder, F_SETLEASE, F_UNLCK), "F_UNLCK");
  });
  const int got = need(open(name.data(), O_RDONLY), words[0]);
  other.join();
  read_some(got);
  struct stat opened{}, wanted{};
  need(fstat(got, &opened), "fstat");
  need(stat(words[0], &wanted), words[0]);
  return opened.st_ino == wanted.st_ino && decoy == name.c_str() ? 0 : 1;
}

// NAME is a link to FILE and to DECOY by turns while it is opened COUNT times, or more often until it has
// been both. Says how often it was FILE.
int race_link(Words words) {
  const std::string name = words[2], next = name + ".next";
  struct stat wanted{};
  need(stat(words[0], &wanted), words[0]);
  std::atomic<bool> over = false;
  need(symlink(words[1], name.c_str()), name);
  std::thread other([&] {
    for (bool turn = true; !over; turn = !turn) {
      need(symlink(words[turn ? 0 : 1], next.c_str()), next);
      need(rename(next.c_str(), name.c_str()), name);
    }
  });
  long hits = 0, opens = 0;
  for (const long count = number(words[3]); opens < count || hits == 0 || hits == opens; ++opens) {
    const int got = need(open(name.c_str(), O_RDONLY | O_CLOEXEC), name);
    struct stat opened{};
    need(fstat(got, &opened), "fstat");
    if (opened.st_ino == wanted.st_ino) ++hits;
    close(got);
  }
  over = true;
  other.join();
  std::printf("hits: %ld\n", hits);
  return 0;
}

// A full queue holds the connect back; meanwhile the address becomes one with port DECOY.
int race_connect(Words words) {
  const char* ip = words[0];
  SocketName name(ip, number(words[1]));
  const SocketName decoy(ip, number(words[2]));
  const int listener = listen_at(name, 0);
  const int first = make_socket(name, SOCK_STREAM);
  need(connect(first, name.get(), name.size()), "connect");
  const int client = make_socket(name, SOCK_STREAM);
  std::thread other([&] {
    tcp_info info{};
    while (info.tcpi_state != TCP_SYN_SENT) {
      sched_yield();
      socklen_t size = sizeof(info);
      need(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
    }
    std::memcpy(name.get(), decoy.get(), decoy.size());
    need(accept(listener, nullptr, nullptr), "accept");
  });
  need(connect(client, name.get(), name.size()), "connect");
  other.join();
  return 0;
}

// FIRST and SECOND, programs with names of the same length, take turns in the buffer that execve reads, and
// so do their arguments. Who ran says so: `act tell`.
int race_exec(Words words) {
  const std::string first = words[0], second = words[1];
  static std::string program, argument;  // outlive this thread's stack
  program = first;
  argument = "first";
  char tell[] = "tell";
  char* const arguments[] = {program.data(), tell, argument.data(), nullptr};
  std::atomic<bool> started = false;
  std::thread other([&] {
    for (bool turn = false;; turn = !turn) {
      std::memcpy(program.data(), (turn ? first : second).data(), program.size());
      std::memcpy(argument.data(), turn ? "first" : "other", argument.size());
      started = true;
    }
  });
  while (!started) sched_yield();
  // Half of the one name and half of the other name nothing: then again.
  do execv(program.data(), arguments);
  while (errno == ENOENT);
  fail(program);
}

// "PROGRAM FILE WORDS": what was really started.
int tell(Words words) {
  char file[4096];
  const auto size = readlink("/proc/self/exe", file, sizeof(file));
  if (size < 0) fail("/proc/self/exe");
  std::printf("%d %.*s %s\n", getpid(), static_cast<int>(size), file, words[0]);
  return 0;
}

// Overwrites its own command line, as /proc shows it, and reads the file then.
int disguise(Words words) {
  const std::string file = words[0];
  std::memset(words[0], 'x', file.size());
  read_some(need(open(file.c_str(), O_RDONLY), file));
  return 0;
}

constexpr Verb kVerbs[] = {
    {"race-open", "FILE DECOY", 2, race_open},
    {"race-link", "FILE DECOY NAME COUNT", 4, race_link},
    {"race-connect", "IP PORT DECOY", 3, race_connect},
    {"race-exec", "FIRST SECOND", 2, race_exec},
    {"tell", "WORD", 1, tell},
    {"disguise", "FILE", 1, disguise},
};

}  // namespace

std::span<const Verb> race_verbs() { return kVerbs; }

}  // namespace act
