// ProgramOutput: each line on the standard input of a shell command.
//
// With keep_alive one command runs and is started again when it ends; otherwise it is run for each line, and
// the line counts as delivered when the command has ended well.
#pragma once

#include <sys/types.h>

#include <mutex>
#include <string>

#include "alert/output.h"
#include "base/fd.h"
#include "base/result.h"

namespace saker::alert {

class ProgramOutput final : public Output {
 public:
  struct Settings {
    std::string command;  // for /bin/sh -c
    bool keep_alive = false;
  };

  explicit ProgramOutput(Settings settings) : settings_(std::move(settings)) {}
  ~ProgramOutput() override;

  Delivery write(const Message& message) override;
  void reopen() override { end(); }
  void cancel() override;  // kills the command

 private:
  Result<> start();
  // Closes its input and waits for its end; its wait status.
  int end();
  bool wait_for_end(int timeout_ms) const;  // -1 = without limit
  int reap();

  Settings settings_;
  UniqueFd input_;
  UniqueFd process_;  // readable when the command has ended
  std::mutex mutex_;  // between reap() and cancel()
  pid_t pid_ = 0;     // 0 = none runs
};

}  // namespace saker::alert
