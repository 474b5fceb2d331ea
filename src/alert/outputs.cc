#include "alert/outputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"

namespace saker::alert {

Result<std::shared_ptr<const Outputs>> Outputs::make(std::vector<Channel> channels, const Outputs* before) {
  std::shared_ptr<Outputs> made(new Outputs);
  // All outputs first: when one cannot be made, no thread must have been started for another.
  std::vector<std::pair<Channel, std::unique_ptr<Output>>> fresh;
  for (Channel& channel : channels) {
    if (before != nullptr) {
      const auto known = std::ranges::find_if(
          before->workers_, [&](const auto& worker) { return worker->channel().same_as(channel); });
      if (known != before->workers_.end()) {
        made->workers_.push_back(*known);
        continue;
      }
    }
    auto output = channel.make();
    if (!output)
      return fail(output.error().code, fmt::format("output {}: {}", channel.name, output.error().message));
    fresh.emplace_back(std::move(channel), std::move(*output));
  }
  for (auto& [channel, output] : fresh)
    made->workers_.push_back(std::make_shared<OutputWorker>(std::move(channel), std::move(output)));
  return made;
}

bool Outputs::stop(std::uint64_t grace_ns, const Outputs* after) const {
  const auto goes_on = [&](const auto& worker) {
    return after != nullptr && std::ranges::find(after->workers_, worker) != after->workers_.end();
  };
  const std::uint64_t end = boot_time_ns() + grace_ns;
  for (const auto& worker : workers_) {
    if (!goes_on(worker)) worker->ask_to_stop(end);
  }
  bool all = true;
  for (const auto& worker : workers_) {
    if (!goes_on(worker)) all = worker->wait_stopped() && all;
  }
  return all;
}

}  // namespace saker::alert
