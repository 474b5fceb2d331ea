#include "alert/internal_message.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "alert/time_text.h"

namespace saker::alert {
namespace {

std::string text_of(const InternalValue& value) {
  return std::visit([](const auto& one) { return fmt::format("{}", one); }, value);
}

std::string text_line(const Format& format, const InternalMessage& what, std::uint64_t wall_ns) {
  std::string fields;
  for (const auto& [name, value] : what.fields)
    fields += fmt::format("{}{}={}", fields.empty() ? "" : " ", name, text_of(value));
  const std::string time = format.time_iso_8601 ? utc_time(wall_ns, "+0000") : local_time(wall_ns);
  return fmt::format("{}: {} {}{}", time, rules::priority_name(what.priority), what.output,
                     fields.empty() ? "" : " (" + fields + ")");
}

std::string json_line(const Format& format, std::string_view hostname, const InternalMessage& what,
                      std::uint64_t wall_ns) {
  nlohmann::json line;
  line["hostname"] = hostname;
  line["output"] = what.output;
  auto& fields = line["output_fields"] = format.static_fields;
  for (const auto& [name, value] : what.fields)
    std::visit([&](const auto& one) { fields[name] = one; }, value);
  line["priority"] = rules::priority_name(what.priority);
  line["rule"] = what.rule;
  line["source"] = "internal";
  line["time"] = utc_time(wall_ns, "Z");
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

MessagePtr make_internal_message(const Format& format, std::string_view hostname, const InternalMessage& what,
                                 std::uint64_t wall_ns) {
  auto message = std::make_shared<Message>();
  message->priority = what.priority;
  message->json = format.json;
  message->line = format.json ? json_line(format, hostname, what, wall_ns) : text_line(format, what, wall_ns);
  if (format.keep_whole && !format.json) message->whole = json_line(format, hostname, what, wall_ns);
  return message;
}

}  // namespace saker::alert
