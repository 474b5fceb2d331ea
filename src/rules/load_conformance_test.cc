// The reference engine's own results for rule files, where the reference data is at hand: every case of the
// loading areas, with a named list of what we do differently and why.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fields/catalogue.h"
#include "rules/load.h"

namespace saker::rules {
namespace {

using Json = nlohmann::json;

// Case → why our result differs.
const std::map<std::string, std::string> kKnownDifferences = {};

std::optional<Json> read_reference(const char* name) {
  std::ifstream in(std::string(SAKER_SHARED_DIR) + "/reference/" + name);
  if (!in) return std::nullopt;
  return Json::parse(in);
}

std::vector<std::string> codes(const LoadResult& result, Severity severity) {
  std::vector<std::string> found;
  for (const FileReport& report : result.reports) {
    for (const Diagnostic& d : report.diagnostics) {
      if (d.severity == severity) found.push_back(d.code);
    }
  }
  std::ranges::sort(found);
  return found;
}

// Codes stand alone or inside {code, kind}.
std::vector<std::string> expected_codes(const Json& list) {
  std::vector<std::string> codes;
  for (const Json& item : list)
    codes.push_back(item.is_string() ? item.get<std::string>() : item.at("code").get<std::string>());
  std::ranges::sort(codes);
  return codes;
}

// What differs, one line; empty when nothing does.
class Comparison {
 public:
  template <class T>
  void equal(const char* what, const T& ours, const T& theirs) {
    if (ours != theirs)
      text_ += fmt::format("{}: {} instead of {}; ", what, Json(ours).dump(), Json(theirs).dump());
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void compare_rules(const LoadResult& result, const Json& expected, Comparison& comparison) {
  std::set<std::string> names;
  for (const Rule& rule : result.all_rules) names.insert(rule.name);
  std::set<std::string> expected_names;
  for (const auto& [name, value] : expected.items()) expected_names.insert(name);
  comparison.equal("rules", names, expected_names);
  for (const Rule& rule : result.all_rules) {
    if (!expected.contains(rule.name)) continue;
    const Json& theirs = expected.at(rule.name);
    comparison.equal("condition", rule.condition, theirs.at("condition").get<std::string>());
    comparison.equal("compiled", rule.condition_compiled, theirs.at("compiled").get<std::string>());
    comparison.equal("output", rule.output, theirs.at("output").get<std::string>());
    comparison.equal("priority", std::string(priority_name(rule.priority)),
                     theirs.at("priority").get<std::string>());
    comparison.equal("enabled", rule.enabled, theirs.value("enabled", true));
    comparison.equal("tags", rule.tags, theirs.value("tags", std::vector<std::string>()));
  }
}

LoadOptions reading_only() {
  LoadOptions options;
  options.check_plugins = false;
  return options;
}

std::string compare_load(const std::vector<RuleFile>& files, const LoadOptions& options, const Json& expect) {
  const LoadResult result = load_rules(files, fields::syscall_catalogue(), options);
  Comparison comparison;
  const bool ok = expect.contains("ok") ? expect.at("ok").get<bool>() : expect.value("successful", true);
  comparison.equal("successful", result.rules != nullptr, ok);
  if (expect.contains("errors")) {
    comparison.equal("errors", codes(result, Severity::kError), expected_codes(expect.at("errors")));
    comparison.equal("warnings", codes(result, Severity::kWarning), expected_codes(expect.at("warnings")));
  }
  if (result.rules && expect.contains("enabled_rules")) {
    comparison.equal("enabled", result.rules->rules().size(), expect.at("enabled_rules").get<std::size_t>());
  }
  if (result.rules && expect.contains("rules")) compare_rules(result, expect.at("rules"), comparison);
  std::string text = comparison.text();
  if (!text.empty()) text += '\n' + text_report(result.reports);
  return text;
}

constexpr const char* kSelectRules =
    "- rule: Read file\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: INFO\n  tags: [a, "
    "b]\n"
    "- rule: Write file\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: INFO\n  tags: [b]\n"
    "- rule: Exec\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: INFO\n  enabled: false\n";

std::string run_case(const Json& c) {
  const Json& setup = c.at("setup");
  const std::string input =
      c.at("input").is_string() ? c.at("input").get<std::string>() : c.at("input").dump();
  LoadOptions options = reading_only();
  if (setup.contains("min_priority"))
    options.minimum_priority = *parse_priority(setup.at("min_priority").get<std::string>());
  std::vector<RuleFile> files;
  if (setup.contains("files")) {
    for (const Json& file : setup.at("files")) {
      files.push_back({file.at("name").get<std::string>(), file.at("content").get<std::string>()});
    }
  } else if (setup.contains("rules")) {
    for (const Json& step : Json::parse(input)) {
      options.selection.push_back(
          {step.at("enable").get<bool>(), step.value("rule", ""), step.value("tag", "")});
    }
    files.push_back({"rules.yaml", kSelectRules});
  } else {
    files.push_back({"rules.yaml", input});
  }
  return compare_load(files, options, c.at("expect"));
}

// The other file gives conditions as trees; ours are compared by their canonical print.
std::string print_value(const std::string& text) {
  return text.find_first_of(" \t\n\r()\"'=,") == std::string::npos ? text : '"' + text + '"';
}

std::string print_tree(const Json& node) {
  const std::string kind = node.at("k").get<std::string>();
  if (kind == "not") return "not " + print_tree(node.at("c"));
  if (kind == "and" || kind == "or") {
    std::string text;
    for (const Json& term : node.at("c")) text += (text.empty() ? "(" : ' ' + kind + ' ') + print_tree(term);
    return text + ')';
  }
  if (kind == "field") return node.at("f").get<std::string>();
  if (kind == "val") return print_value(node.at("v").get<std::string>());
  if (kind == "list") {
    std::string text;
    for (const Json& item : node.at("v"))
      text += (text.empty() ? "" : ", ") + print_value(item.get<std::string>());
    return '(' + text + ')';
  }
  return fmt::format("{} {} {}", print_tree(node.at("l")), node.at("op").get<std::string>(),
                     print_tree(node.at("r")));
}

std::string run_tree_case(const Json& c) {
  const std::vector<RuleFile> files = {{"rules.yaml", c.at("input").at("file").get<std::string>()}};
  const Json& expect = c.at("expect");
  std::string different = compare_load(files, reading_only(), expect);
  if (!expect.contains("conditions") || !expect.at("conditions").is_object()) return different;
  const LoadResult result = load_rules(files, fields::syscall_catalogue(), reading_only());
  Comparison comparison;
  for (const Rule& rule : result.all_rules) {
    comparison.equal("tree", rule.condition_compiled, print_tree(expect.at("conditions").at(rule.name)));
  }
  return different + comparison.text();
}

void run(const char* file, const std::set<std::string>& areas, std::string (*one)(const Json&)) {
  const auto reference = read_reference(file);
  if (!reference) GTEST_SKIP() << "no reference data";
  std::size_t cases = 0, passed = 0, known = 0;
  for (const Json& c : reference->at("cases")) {
    if (!areas.contains(c.at("area").get<std::string>())) continue;
    ++cases;
    const std::string id = c.at("id").get<std::string>();
    const std::string different = one(c);
    const bool excused = kKnownDifferences.contains(id);
    if (different.empty()) {
      ++passed;
      EXPECT_FALSE(excused) << id << " passes now: take it off the list";
    } else {
      known += excused ? 1 : 0;
      EXPECT_TRUE(excused) << id << ": " << different << c.at("input").dump();
    }
  }
  std::cout << fmt::format("{}: {} of {} cases passed, {} known differences\n", file, passed, cases, known);
  EXPECT_GT(cases, 0U);
}

TEST(LoadConformance, Language) {
  run("conformance-language.json",
      {"load", "version", "list", "macro", "override", "exception", "select", "files"}, run_case);
}

TEST(LoadConformance, Cases) { run("conformance-cases.json", {"rules"}, run_tree_case); }

}  // namespace
}  // namespace saker::rules
