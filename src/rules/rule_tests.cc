#include "rules/rule_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "rules/finding.h"

namespace saker::rules {
namespace {

constexpr std::string_view kFileKeys[] = {"rules", "defaults", "tests"};
constexpr std::string_view kTestKeys[] = {"name", "event", "events", "expect", "output"};

class Reader {
 public:
  Reader(const RuleFile& file, const fields::Catalogue& catalogue)
      : files_{file}, sources_(files_), catalogue_(catalogue) {
    report_.file = file.name;
  }

  std::optional<YamlNode> document() {
    YamlStream stream = parse_yaml(sources_.text(0), 0);
    if (stream.problem) {
      problem(stream.problem->place, stream.problem->message);
      return std::nullopt;
    }
    if (stream.documents.empty()) {
      problem({}, "the file is empty");
      return std::nullopt;
    }
    return std::move(stream.documents[0]);
  }

  RuleTestFile tests() {
    RuleTestFile file;
    const auto document = this->document();
    if (!document || !keys(*document, kFileKeys)) return file;
    if (const YamlEntry* rules = document->find("rules")) file.rules = texts(rules->value);
    const YamlEntry* defaults = document->find("defaults");
    const YamlEntry* list = document->find("tests");
    if (list == nullptr || list->value.kind != YamlNode::Kind::kSequence) {
      problem(list == nullptr ? document->place : list->value.place, "expected `tests:`, a list of tests");
      return file;
    }
    for (const YamlNode& node : list->value.items) {
      if (keys(node, kTestKeys)) file.tests.push_back(test(node, defaults));
    }
    return file;
  }

  std::unique_ptr<DescribedEvent> event(const YamlNode& node, const YamlNode* defaults) {
    std::vector<DescriptionProblem> problems;
    auto event = DescribedEvent::read(node, defaults, catalogue_, problems);
    for (DescriptionProblem& one : problems)
      problem(one.place, std::move(one.message), did_you_mean(one.suggestion));
    return event;
  }

  FileReport take_report() { return std::move(report_); }

 private:
  RuleTest test(const YamlNode& node, const YamlEntry* defaults) {
    RuleTest test;
    const YamlNode* values = defaults == nullptr ? nullptr : &defaults->value;
    if (const YamlEntry* name = node.find("name")) test.name = name->value.scalar;
    if (test.name.empty()) problem(node.place, "the test has no name");
    if (const YamlEntry* one = node.find("event")) test.events.push_back(event(one->value, values));
    if (const YamlEntry* many = node.find("events")) {
      if (many->value.kind != YamlNode::Kind::kSequence)
        problem(many->value.place, "expected a list of events");
      for (const YamlNode& one : many->value.items) test.events.push_back(event(one, values));
    }
    if (test.events.empty()) problem(node.place, "the test has no event");
    const YamlEntry* expect = node.find("expect");
    if (expect == nullptr) {
      problem(node.place, "the test does not say which rules it expects; [] stands for none");
    } else {
      test.expected = texts(expect->value);
      std::ranges::sort(test.expected);
    }
    if (const YamlEntry* output = node.find("output")) test.output = output->value.scalar;
    return test;
  }

  bool keys(const YamlNode& node, std::span<const std::string_view> known) {
    if (node.kind != YamlNode::Kind::kMap) {
      problem(node.place, fmt::format("expected a map with {}", fmt::join(known, ", ")));
      return false;
    }
    bool good = true;
    for (const YamlEntry& entry : node.entries) {
      if (std::ranges::find(known, entry.key.scalar) != known.end()) continue;
      problem(entry.key.place, fmt::format("unknown key '{}'", entry.key.scalar),
              did_you_mean(entry.key.scalar, known));
      good = false;
    }
    return good;
  }

  std::vector<std::string> texts(const YamlNode& node) {
    std::vector<std::string> all;
    if (node.kind == YamlNode::Kind::kScalar) return {node.scalar};
    if (node.kind != YamlNode::Kind::kSequence) problem(node.place, "expected a list of texts");
    for (const YamlNode& item : node.items) {
      if (item.kind != YamlNode::Kind::kScalar) problem(item.place, "expected a text");
      all.push_back(item.scalar);
    }
    return all;
  }

  void problem(Place place, std::string message, std::string hint = {}) {
    report_.diagnostics.push_back(
        sources_.diagnostic({Code::kErrYamlValidate, std::move(message), std::move(hint), place, {}}));
  }

  std::vector<RuleFile> files_;
  Sources sources_;
  const fields::Catalogue& catalogue_;
  FileReport report_;
};

}  // namespace

RuleTestsRead read_rule_tests(const RuleFile& file, const fields::Catalogue& catalogue) {
  Reader reader(file, catalogue);
  RuleTestsRead read;
  read.file = reader.tests();
  read.report = reader.take_report();
  return read;
}

EventRead read_event(const RuleFile& file, const fields::Catalogue& catalogue) {
  Reader reader(file, catalogue);
  EventRead read;
  if (const auto document = reader.document()) read.event = reader.event(*document, nullptr);
  read.report = reader.take_report();
  if (!read.report.ok()) read.event.reset();
  return read;
}

RuleTestResult run_rule_test(const RuleTest& test, const RuleSet& rules) {
  RuleTestResult result;
  Evaluator evaluator(rules);
  Arena arena;
  for (const auto& event : test.events) {
    const fields::Subject subject = event->subject();
    for (const Evaluator::Match& match : evaluator.evaluate(subject, arena)) {
      const EnabledRule& rule = rules.rules()[match.rule];
      result.matched.push_back(rule.rule.name);
      rule.output.render(subject, arena, result.outputs.emplace_back());
    }
  }
  std::ranges::sort(result.matched);
  const auto repeated = std::ranges::unique(result.matched);
  result.matched.erase(repeated.begin(), repeated.end());
  std::ranges::set_difference(test.expected, result.matched, std::back_inserter(result.missed));
  std::ranges::set_difference(result.matched, test.expected, std::back_inserter(result.surplus));
  result.output_missed =
      !test.output.empty() && std::ranges::none_of(result.outputs, [&](const std::string& output) {
        return output.find(test.output) != std::string::npos;
      });
  result.passed = result.missed.empty() && result.surplus.empty() && !result.output_missed;
  return result;
}

}  // namespace saker::rules
