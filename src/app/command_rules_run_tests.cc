// `saker rules test`: unit tests of rules, so that a team can try its rules in CI without a kernel.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "base/file.h"
#include "base/log.h"
#include "rules/explanation.h"
#include "rules/rule_tests.h"

namespace saker::app {
namespace {

struct Totals {
  int passed = 0, failed = 0;
};

// The rules that the file names (beside itself), unless the command line has named others.
std::optional<rules::LoadResult> rules_for(const rules::RuleTestFile& file, const std::string& path,
                                           Config config, const Options& options) {
  if (options.rules_files.empty() && !file.rules.empty()) {
    config.rules_files.clear();
    const std::filesystem::path beside = std::filesystem::path(path).parent_path();
    for (const std::string& rule_file : file.rules)
      config.rules_files.push_back((beside / rule_file).string());
  }
  config.load.matching = rules::Matching::kAll;
  return load_rules_for_tools(config);
}

// Why each missed rule did not match each event, and what it asked for that the event does not say.
std::string why_missed(const rules::RuleTest& test, const std::vector<std::string>& missed,
                       const rules::LoadResult& loaded) {
  std::string text;
  for (const std::string& name : missed) {
    const auto rule = std::ranges::find(loaded.all_rules, name, &rules::Rule::name);
    if (rule == loaded.all_rules.end()) {
      text += fmt::format("    there is no rule '{}'\n", name);
      continue;
    }
    if (!rule->enabled) text += fmt::format("    rule '{}' is disabled\n", name);
    const auto& details = loaded.details[static_cast<std::size_t>(rule - loaded.all_rules.begin())];
    for (const auto& event : test.events) {
      event->take_asked_in_vain();
      const auto made = rules::explain(details, event->subject(), fields::syscall_catalogue());
      text += rules::text_of(made);
      const auto missing = event->take_asked_in_vain();
      if (!missing.empty()) text += fmt::format("    not given by the event: {}\n", fmt::join(missing, ", "));
    }
  }
  return text;
}

void print_result(const rules::RuleTest& test, const rules::RuleTestResult& result,
                  const rules::LoadResult& loaded) {
  if (result.passed) {
    fmt::print("ok      {}\n", test.name);
    return;
  }
  fmt::print("FAILED  {}\n    expected: {}\n    matched:  {}\n", test.name,
             test.expected.empty() ? "nothing" : fmt::format("{}", fmt::join(test.expected, ", ")),
             result.matched.empty() ? "nothing" : fmt::format("{}", fmt::join(result.matched, ", ")));
  if (result.output_missed) {
    fmt::print("    no output contains: {}\n", test.output);
    for (const std::string& output : result.outputs) fmt::print("    output:   {}\n", output);
  }
  fmt::print("{}", why_missed(test, result.missed, loaded));
}

nlohmann::json json_result(const rules::RuleTest& test, const rules::RuleTestResult& result) {
  return {{"name", test.name},
          {"passed", result.passed},
          {"expected", test.expected},
          {"matched", result.matched},
          {"outputs", result.outputs}};
}

// False when the file or its rules cannot be used.
bool run_file(const std::string& path, const Config& config, const Options& options, Totals& totals,
              nlohmann::json& results) {
  const auto text = read_file(path);
  if (!text) {
    log(LogLevel::kError, "{}", text.error().message);
    return false;
  }
  const auto read = rules::read_rule_tests({path, *text}, fields::syscall_catalogue());
  if (!read.report.ok()) {
    std::fputs(rules::text_report({read.report}).c_str(), stderr);
    return false;
  }
  const auto loaded = rules_for(read.file, path, config, options);
  if (!loaded) return false;
  for (const rules::RuleTest& test : read.file.tests) {
    const rules::RuleTestResult result = rules::run_rule_test(test, *loaded->rules);
    ++(result.passed ? totals.passed : totals.failed);
    if (config.format.json) {
      results.push_back(json_result(test, result));
    } else {
      print_result(test, result, *loaded);
    }
  }
  return true;
}

}  // namespace

int command_rules_test(const Config& config, const Options& options) {
  Totals totals;
  nlohmann::json results = nlohmann::json::array();
  bool usable = true;
  for (const std::string& path : options.test_files)
    usable &= run_file(path, config, options, totals, results);
  if (config.format.json) {
    fmt::print(
        "{}\n",
        nlohmann::json{{"passed", totals.passed}, {"failed", totals.failed}, {"tests", results}}.dump());
  } else {
    fmt::print("{} passed, {} failed\n", totals.passed, totals.failed);
  }
  return usable && totals.failed == 0 ? kExitGood : kExitBadInput;
}

}  // namespace saker::app
