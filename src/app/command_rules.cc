// `saker rules list|show|explain|lint`: tools for those who write rules.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "app/commands.h"
#include "app/rule_details.h"
#include "base/file.h"
#include "base/log.h"
#include "rules/explanation.h"
#include "rules/lint.h"
#include "rules/rule_tests.h"

namespace saker::app {
namespace {

std::string types_text(const std::vector<event::TypeId>& types) {
  constexpr std::size_t kShown = 6;
  std::string text;
  for (std::size_t i = 0; i < std::min(types.size(), kShown); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", event::type_name(types[i]));
  if (types.size() > kShown) text += fmt::format(" and {} more", types.size() - kShown);
  return text;
}

// The rule of that name; nothing, with the nearest name said, when there is none.
std::optional<std::size_t> find_rule(const rules::LoadResult& loaded, const std::string& name) {
  const auto found = std::ranges::find(loaded.all_rules, name, &rules::Rule::name);
  if (found != loaded.all_rules.end()) return static_cast<std::size_t>(found - loaded.all_rules.begin());
  std::vector<std::string_view> names;
  for (const rules::Rule& rule : loaded.all_rules) names.push_back(rule.name);
  log(LogLevel::kError, "no rule is named '{}'{}", name, nearest_hint(name, names));
  return std::nullopt;
}

std::optional<std::string> read_event_text(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  auto text = read_file(path);
  if (!text) {
    log(LogLevel::kError, "{}", text.error().message);
    return std::nullopt;
  }
  return *text;
}

std::string_view one_line(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  return text;
}

}  // namespace

int command_rules_list(const Config& config) {
  const auto loaded = load_rules_for_tools(config);
  if (!loaded) return kExitBadInput;
  nlohmann::json listed = nlohmann::json::array();
  for (std::size_t i = 0; i < loaded->all_rules.size(); ++i) {
    const rules::Rule& rule = loaded->all_rules[i];
    if (config.format.json) {
      nlohmann::json events = nlohmann::json::array();
      for (const event::TypeId type : loaded->details[i].event_types)
        events.push_back(event::type_name(type));
      listed.push_back({{"name", rule.name},
                        {"priority", rules::priority_name(rule.priority)},
                        {"source", rule.source},
                        {"enabled", rule.enabled},
                        {"tags", rule.tags},
                        {"events", events},
                        {"file", rule.file},
                        {"line", rule.line}});
    } else {
      fmt::print("{:52} {:13} {:8} {}\n", rule.name, rules::priority_name(rule.priority),
                 rule.enabled ? "enabled" : "disabled", types_text(loaded->details[i].event_types));
    }
  }
  if (config.format.json) fmt::print("{}\n", listed.dump());
  return kExitGood;
}

int command_rules_show(const Config& config, const Options& options) {
  const auto loaded = load_rules_for_tools(config);
  if (!loaded) return kExitBadInput;
  const auto found = find_rule(*loaded, options.rule);
  if (!found) return kExitBadInput;
  const rules::Rule& rule = loaded->all_rules[*found];
  const nlohmann::json described = describe_rule(rule, loaded->details[*found]);
  if (config.format.json) {
    fmt::print("{}\n", described.dump());
    return kExitGood;
  }
  const auto list = [](const nlohmann::json& items) {
    std::string text;
    for (const auto& item : items) text += (text.empty() ? "" : ", ") + item.get<std::string>();
    return text.empty() ? std::string("none") : text;
  };
  const nlohmann::json& details = described["details"];
  fmt::print("rule       {}\ndefined    {}:{}\npriority   {}\nsource     {}\nenabled    {}\ntags       {}\n",
             rule.name, rule.file, rule.line, rules::priority_name(rule.priority), rule.source, rule.enabled,
             fmt::join(rule.tags, ", "));
  fmt::print("events     {}\nfields     {}\noperators  {}\nmacros     {}\n", list(details["events"]),
             list(details["condition_fields"]), list(details["condition_operators"]),
             list(details["macros"]));
  fmt::print("\n{}\n\ncondition:\n  {}\n\nwith its macros and lists:\n  {}\n\noutput:\n  {}\n",
             one_line(rule.description), one_line(rule.condition), rule.condition_compiled,
             one_line(rule.output));
  return kExitGood;
}

int command_rules_explain(const Config& config, const Options& options) {
  const auto loaded = load_rules_for_tools(config);
  if (!loaded) return kExitBadInput;
  const auto found = find_rule(*loaded, options.rule);
  const auto text = read_event_text(options.event_file);
  if (!found || !text) return kExitBadInput;
  const auto read = rules::read_event({options.event_file, *text}, fields::syscall_catalogue());
  if (!read.event) {
    std::fputs(rules::text_report({read.report}).c_str(), stderr);
    return kExitBadInput;
  }
  const auto made =
      rules::explain(loaded->details[*found], read.event->subject(), fields::syscall_catalogue());
  const std::set<std::string> missing = read.event->take_asked_in_vain();
  if (config.format.json) {
    fmt::print("{}\n", nlohmann::json{{"rule", options.rule},
                                      {"matches", made.holds},
                                      {"condition", rules::json_of(made)},
                                      {"not_given", missing}}
                           .dump());
    return kExitGood;
  }
  fmt::print("rule '{}' {} the event; * marks what decided\n\n{}", options.rule,
             made.holds ? "matches" : "does not match", rules::text_of(made));
  if (!missing.empty()) fmt::print("\nnot given by the event: {}\n", fmt::join(missing, ", "));
  return kExitGood;
}

int command_rules_lint(const Config& config, const Options& options) {
  Config quiet = config;
  quiet.log_stderr = false;  // the loader's warnings are among the findings
  auto loaded = load_rules_for_tools(quiet);
  if (!loaded) {
    load_rules_for_tools(config);  // this time with its errors
    return kExitBadInput;
  }
  const auto findings = rules::lint(*loaded, config.load.matching, fields::syscall_catalogue());
  nlohmann::json listed = nlohmann::json::array();
  for (const rules::LintFinding& finding : findings) {
    if (config.format.json) {
      listed.push_back({{"code", finding.code},
                        {"file", finding.file},
                        {"line", finding.line},
                        {"column", finding.column},
                        {"item", finding.item},
                        {"message", finding.message},
                        {"advice", finding.advice}});
    } else {
      fmt::print("{}:{}:{}: {}: {} [{}]{}{}\n", finding.file, finding.line, finding.column, finding.item,
                 finding.message, finding.code, finding.advice.empty() ? "" : "; ", finding.advice);
    }
  }
  if (config.format.json) {
    fmt::print("{}\n", listed.dump());
  } else {
    fmt::print("{} rules, {} findings\n", loaded->all_rules.size(), findings.size());
  }
  return options.strict && !findings.empty() ? kExitBadInput : kExitGood;
}

}  // namespace saker::app
