// What the agent says of itself on the alerts' way, as Falco does: lost events, a snapshot of its metrics.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "alert/alert.h"
#include "alert/message.h"

namespace saker::alert {

using InternalValue = std::variant<std::string, std::uint64_t, double>;

struct InternalMessage {
  std::string_view rule;    // "Falco internal: syscall event drop"
  std::string_view output;  // one sentence
  rules::Priority priority = rules::Priority::kInformational;
  std::map<std::string, InternalValue> fields = {};
};

// JSON has the source "internal" and no tags; text has the fields in parentheses behind the sentence.
MessagePtr make_internal_message(const Format& format, std::string_view hostname, const InternalMessage& what,
                                 std::uint64_t wall_ns);

}  // namespace saker::alert
