// Unit tests of rules, without a kernel: events in, expected rules out. One YAML file:
//
//   rules: [falco_rules.local.yaml]     # beside this file; optional when the caller names rules
//   defaults: {proc.name: cat}          # values of every event that does not say otherwise; optional
//   tests:
//     - name: shadow read in a container
//       event: {evt.type: openat, fd.name: /etc/shadow, container.id: 3f2a9c0d1b7e}   # or events: [...]
//       expect: [Read sensitive file in container]     # exactly these rules, in any order
//       output: file=/etc/shadow                       # optional: some alert's text contains it
//
// Events are described as in described_event.h. All rules that match count, whatever rule_matching says.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/described_event.h"
#include "rules/load.h"

namespace saker::rules {

struct RuleTest {
  std::string name;
  std::vector<std::unique_ptr<DescribedEvent>> events;
  std::vector<std::string> expected;  // sorted
  std::string output;                 // empty: not asked for
};

struct RuleTestFile {
  std::vector<std::string> rules;  // as written
  std::vector<RuleTest> tests;
};

// What is wrong is in the report, located; the tests are of use only when it is good.
struct RuleTestsRead {
  RuleTestFile file;
  FileReport report;
};
RuleTestsRead read_rule_tests(const RuleFile& file, const fields::Catalogue& catalogue);

// A single event of a file of its own, described or an alert; null when the report has errors.
struct EventRead {
  std::unique_ptr<DescribedEvent> event;
  FileReport report;
};
EventRead read_event(const RuleFile& file, const fields::Catalogue& catalogue);

struct RuleTestResult {
  bool passed = false;
  std::vector<std::string> matched;  // sorted, unique
  std::vector<std::string> missed;   // expected, did not match
  std::vector<std::string> surplus;  // matched, not expected
  bool output_missed = false;
  std::vector<std::string> outputs;  // of every match
};

// The rules must have been loaded with Matching::kAll.
RuleTestResult run_rule_test(const RuleTest& test, const RuleSet& rules);

}  // namespace saker::rules
