#include "alert/program_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "alert/write_all.h"

namespace saker::alert {
namespace {

constexpr int kEndMs = 1000;

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was ended by signal {}", WTERMSIG(status));
  return fmt::format("ended with status {}", WEXITSTATUS(status));
}

}  // namespace

Result<> ProgramOutput::start() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return fail(ErrorCode::kIo, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, reader.get(), STDIN_FILENO);
  // The agent blocks and ignores signals that a program expects to have.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&defaults, number);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string shell = "/bin/sh", flag = "-c";
  char* const arguments[] = {shell.data(), flag.data(), settings_.command.data(), nullptr};
  pid_t pid = 0;
  const int error = posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return fail(ErrorCode::kIo, fmt::format("cannot run /bin/sh: {}", std::strerror(error)));
  const std::lock_guard lock(mutex_);
  pid_ = pid;
  process_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  input_ = std::move(writer);
  return {};
}

bool ProgramOutput::wait_for_end(int timeout_ms) const {
  pollfd ended{.fd = process_.get(), .events = POLLIN, .revents = 0};
  int got = 0;
  while ((got = poll(&ended, 1, timeout_ms)) < 0 && errno == EINTR) {
  }
  return got > 0;
}

int ProgramOutput::reap() {
  const std::lock_guard lock(mutex_);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  process_.reset();
  input_.reset();
  return status;
}

int ProgramOutput::end() {
  input_.reset();
  if (pid_ == 0) return 0;
  wait_for_end(-1);
  return reap();
}

void ProgramOutput::cancel() {
  const std::lock_guard lock(mutex_);
  if (pid_ != 0) kill(pid_, SIGTERM);
}

// A command that does not end with its input is ended.
ProgramOutput::~ProgramOutput() {
  input_.reset();
  if (pid_ == 0) return;
  if (!wait_for_end(kEndMs)) cancel();
  if (!wait_for_end(kEndMs)) kill(pid_, SIGKILL);
  end();
}

Delivery ProgramOutput::write(const Message& message) {
  // A kept program that has ended meanwhile: another one.
  if (pid_ != 0 && wait_for_end(0)) reap();
  if (!input_) {
    if (const auto started = start(); !started) return Delivery::retry(started.error().message);
  }
  const Written written = write_all(input_.get(), message.line + "\n");
  if (settings_.keep_alive) {
    if (written.error == 0) return Delivery::done();
    const int status = end();
    return Delivery::retry(fmt::format("the program {} before it read the alert", how_it_ended(status)));
  }
  const int status = end();
  if (status != 0) return Delivery::failed(fmt::format("the program {}", how_it_ended(status)));
  if (written.error != 0 && written.error != EPIPE)
    return Delivery::failed(fmt::format("cannot write to the program: {}", std::strerror(written.error)));
  return Delivery::done();
}

}  // namespace saker::alert
