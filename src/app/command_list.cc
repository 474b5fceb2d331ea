#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/rule_details.h"
#include "base/log.h"
#include "capture/syscalls.h"

namespace saker::app {
namespace {

std::string_view type_text(fields::Type type) {
  using enum fields::Type;
  switch (type) {
    case kText:
      return "string";
    case kPath:
      return "path";
    case kBytes:
      return "bytes";
    case kBool:
      return "bool";
    case kInt8:
      return "int8";
    case kInt16:
      return "int16";
    case kInt32:
      return "int32";
    case kInt64:
      return "int64";
    case kUint8:
      return "uint8";
    case kUint16:
      return "uint16";
    case kUint32:
      return "uint32";
    case kUint64:
      return "uint64";
    case kDouble:
      return "double";
    case kPort:
      return "port";
    case kRelTime:
      return "reltime";
    case kAbsTime:
      return "abstime";
    case kIpAddress:
      return "ipaddr";
    case kIpNetwork:
      return "ipnet";
    case kDynamic:
      return "dynamic";
  }
  return "";
}

std::string_view argument_text(fields::ArgumentKind kind) {
  using enum fields::ArgumentKind;
  switch (kind) {
    case kNone:
      return "";
    case kOptionalIndex:
      return "[INDEX] optional";
    case kOptionalKey:
      return "[KEY] optional";
    case kOptionalIndexOrKey:
      return "[INDEX or KEY] optional";
    case kRequiredIndexOrKey:
      return "[INDEX or KEY]";
    case kRequiredKey:
      return "[KEY]";
    case kRequiredDotName:
      return ".NAME";
    case kRequiredNameOrIndex:
      return ".NAME or [INDEX]";
    case kOptionalDotName:
      return ".NAME optional";
    case kRequiredTime:
      return "[TIME]";
  }
  return "";
}

void print_field(const fields::Field& field, const Options& options) {
  if (options.names_only) {
    fmt::print("{}\n", field.name);
  } else if (options.markdown) {
    fmt::print("| `{}` | {} | {} | {} |\n", field.name, type_text(field.type), argument_text(field.argument),
               field.help);
  } else {
    fmt::print("{:32} {:8} {}{}{}\n", field.name, type_text(field.type), argument_text(field.argument),
               argument_text(field.argument).empty() ? "" : ". ", field.help);
  }
}

// As written with `>`, a description ends in a newline.
std::string_view one_line(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  return text;
}

}  // namespace

int command_list_fields(const Options& options) {
  if (options.list_source != "syscall") {
    log(LogLevel::kError, "unknown source '{}': only syscall is there", options.list_source);
    return kExitBadInput;
  }
  if (options.markdown) fmt::print("| field | type | argument | meaning |\n| --- | --- | --- | --- |\n");
  for (const fields::Field& field : fields::syscall_catalogue().rows()) {
    if ((field.flags & fields::kHidden) != 0) continue;
    if (options.status && (field.read != nullptr || field.never)) continue;
    print_field(field, options);
  }
  return kExitGood;
}

int command_list_events(const Options& options) {
  for (event::TypeId type = 1; std::size_t{type} < event::type_count(); ++type) {
    if (options.names_only) {
      fmt::print("{}\n", event::type_name(type));
    } else {
      fmt::print("{:28} {}\n", event::type_name(type),
                 capture::is_collected(type) ? "watched" : "known, not watched yet");
    }
  }
  return kExitGood;
}

int command_list_rules(const Config& config, const Options& options) {
  auto loaded = load_rules_for_tools(config);
  if (!loaded) return kExitBadInput;
  if (!options.rule.empty()) {
    const auto found = std::ranges::find(loaded->all_rules, options.rule, &rules::Rule::name);
    if (found == loaded->all_rules.end()) {
      log(LogLevel::kError, "no rule is named '{}'", options.rule);
      return kExitBadInput;
    }
    const auto place = static_cast<std::size_t>(found - loaded->all_rules.begin());
    loaded->all_rules = {loaded->all_rules[place]};
    loaded->details = {loaded->details[place]};
  }
  if (config.format.json) {
    fmt::print("{}\n", describe_rules(*loaded).dump());
    return kExitGood;
  }
  for (const rules::Rule& rule : loaded->all_rules)
    fmt::print("{:50} {}\n", rule.name, one_line(rule.description));
  return kExitGood;
}

}  // namespace saker::app
