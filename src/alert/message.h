// Message: one line that leaves, made once and shared by all outputs that still have to send it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "rules/rule.h"

namespace saker::alert {

struct Message {
  std::string line;               // without newline; JSON or text, as configured
  std::string for_terminal = {};  // the same for people; only when a terminal shows it
  std::string whole = {};  // the same as a JSON object; only when an output needs that and `line` is not it
  rules::Priority priority = rules::Priority::kInformational;
  bool json = false;
  std::uint64_t event_ns = 0;  // boot time of the event; 0: the agent speaks of itself

  std::size_t bytes() const {
    return sizeof(*this) + line.capacity() + for_terminal.capacity() + whole.capacity();
  }
};

using MessagePtr = std::shared_ptr<const Message>;

}  // namespace saker::alert
