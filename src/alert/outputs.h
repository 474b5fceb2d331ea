// Outputs: all channels of one configuration.
//
// Made anew at each reload; a channel whose settings stayed the same keeps its worker, queue and connection.
// Immutable but for its workers; publish() may be called from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "alert/output_worker.h"

namespace saker::alert {

class Outputs {
 public:
  // Fails, naming the channel, when an output cannot be made; then nothing has changed. `before` may be null.
  static Result<std::shared_ptr<const Outputs>> make(std::vector<Channel> channels, const Outputs* before);

  // To every channel; never waits for a receiver.
  void publish(const MessagePtr& message) const {
    for (const auto& worker : workers_) worker->publish(message);
  }
  void reopen() const {
    for (const auto& worker : workers_) worker->reopen();
  }

  // Ends the workers that `after` (may be null) has not taken over. All of them together get `grace_ns` to
  // send what is queued. False: some thread hangs in its output and was left behind.
  bool stop(std::uint64_t grace_ns, const Outputs* after = nullptr) const;

  const std::vector<std::shared_ptr<OutputWorker>>& workers() const { return workers_; }

 private:
  Outputs() = default;
  std::vector<std::shared_ptr<OutputWorker>> workers_;
};

}  // namespace saker::alert
