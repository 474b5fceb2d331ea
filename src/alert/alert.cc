#include "alert/alert.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "alert/time_text.h"

namespace saker::alert {
namespace {

using nlohmann::json;

// A field's value as JSON; a text with bytes that are not UTF-8 is repaired when the line is written.
json json_value(const fields::FieldRef& field, const fields::Value& value, const fields::Subject& subject) {
  const fields::Format print = field.format();
  if (print == fields::Format::kTime) return subject.event->wall_ns;
  const bool numeric_text = print == fields::Format::kHex || print == fields::Format::kOctal;
  std::string text;
  switch (value.kind()) {
    case fields::Kind::kMissing:
      return nullptr;
    case fields::Kind::kText:
      break;
    case fields::Kind::kBool:
      return value.boolean();
    case fields::Kind::kInt:
      if (!numeric_text) return value.integer();
      break;
    case fields::Kind::kUint:
      if (!numeric_text) return value.unsigned_integer();
      break;
    case fields::Kind::kIp:
      break;
    case fields::Kind::kList:
      if (!field.any()) {
        json items = json::array();
        for (const fields::Value& item : value.list()) items.push_back(json_value(field, item, subject));
        return items;
      }
      break;
  }
  rules::render_value(field, value, text);
  return text;
}

// What tells a file that hid behind another name from one that was asked for by it.
void add_names(const fields::Subject& subject, Arena& arena, json& made) {
  static const std::vector<fields::FieldRef> kNames = [] {
    std::vector<fields::FieldRef> names;
    for (const std::string_view name : {"fd.nameraw", "fd.nameresolved", "fd.namefrom"})
      names.push_back(*fields::syscall_catalogue().resolve(name, std::nullopt).ref);
    return names;
  }();
  for (const fields::FieldRef& field : kNames)
    made[field.text()] = json_value(field, rules::read_for_output(field, subject, arena), subject);
}

json output_fields(const Format& format, const rules::EnabledRule& rule, const fields::Subject& subject,
                   Arena& arena) {
  json made = format.static_fields;
  for (const fields::FieldRef& field : rule.output.fields()) {
    made[field.text()] = json_value(field, rules::read_for_output(field, subject, arena), subject);
  }
  for (const rules::ExtraField& extra : rule.extra_fields) {
    if (extra.field) {
      made[extra.name] =
          json_value(*extra.field, rules::read_for_output(*extra.field, subject, arena), subject);
    } else {
      std::string text;
      extra.text.render(subject, arena, text);
      made[extra.name] = std::move(text);
    }
  }
  if (subject.name_index != 0) add_names(subject, arena, made);
  made[format.time_iso_8601 ? "evt.time.iso8601" : "evt.time"] = subject.event->wall_ns;
  return made;
}

// A text line stays one line: what would break it is written as in a JSON string.
std::string escaped(const std::string& line) {
  const std::string quoted = json(line).dump(-1, ' ', false, json::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

std::string format_alert(const Format& format, const rules::EnabledRule& enabled,
                         const fields::Subject& subject, Arena& arena, std::uint64_t suppressed) {
  const rules::Rule& rule = enabled.rule;
  const std::uint64_t wall_ns = subject.event->wall_ns;
  const std::string_view priority = rules::priority_name(rule.priority);
  std::string message;
  enabled.output.render(subject, arena, message);
  if (suppressed > 0) message += fmt::format(" (and {} more like it were suppressed)", suppressed);
  const std::string line =
      fmt::format("{}: {} {}", format.time_iso_8601 ? utc_time(wall_ns, "+0000") : local_time(wall_ns),
                  priority, message);
  if (!format.json) return escaped(line);

  json alert;  // keys come out in alphabetical order
  alert["hostname"] = subject.hostname;
  if (format.json_include_message) alert["message"] = message;
  if (format.json_include_output) alert["output"] = line;
  if (format.json_include_output_fields) {
    alert["output_fields"] = output_fields(format, enabled, subject, arena);
    if (suppressed > 0) alert["output_fields"]["saker.suppressed"] = suppressed;
  }
  alert["priority"] = priority;
  alert["rule"] = rule.name;
  alert["source"] = rule.source;
  if (format.json_include_tags) alert["tags"] = rule.tags;
  alert["time"] = utc_time(wall_ns, "Z");
  return alert.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace saker::alert
