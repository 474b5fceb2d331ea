// RuleSet: enabled rules compiled together, immutable; and the Evaluator that runs it for one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "event/types.h"
#include "fields/catalogue.h"
#include "rules/compile.h"
#include "rules/output_template.h"
#include "rules/rule.h"

namespace saker::rules {

enum class Matching : std::uint8_t { kFirst, kAll };  // rule_matching

// A field of the alert that the output text does not show (append_output's extra_fields).
struct ExtraField {
  std::string name;
  std::optional<fields::FieldRef> field;  // its value with its type; otherwise `text`
  OutputTemplate text;
};

struct EnabledRule {
  Rule rule;
  std::shared_ptr<const CompiledCondition> condition;
  std::vector<event::TypeId> event_types;
  OutputTemplate output;  // append_output applied
  std::vector<ExtraField> extra_fields = {};
};

// Where events of one type may come from and still matter to some rule.
struct EventScope {
  bool host = false;
  bool container = false;
};

class RuleSet {
 public:
  // Rules in load order: with Matching::kFirst the first that matches wins.
  RuleSet(std::vector<EnabledRule> rules, Matching matching);
  ~RuleSet();
  RuleSet(const RuleSet&) = delete;

  std::span<const EnabledRule> rules() const { return rules_; }
  Matching matching() const { return matching_; }

  // Over-approximation of what any rule could match, for the probe: never too little.
  EventScope scope(event::TypeId type) const;

  // What the probe has to bring of tasks for these rules: enum saker_detail bits.
  std::uint8_t details() const { return details_; }

  struct Program;
  const Program& program() const { return *program_; }

 private:
  std::vector<EnabledRule> rules_;
  Matching matching_;
  std::uint8_t details_ = 0;
  std::unique_ptr<Program> program_;
};

// Judges events by one rule set. Keeps the per-event memory (predicate results, field values); not
// thread-safe, one per thread. The rule set must outlive it.
class Evaluator {
 public:
  explicit Evaluator(const RuleSet& rules);
  ~Evaluator();

  struct Match {
    std::uint32_t rule = 0;       // index into RuleSet::rules()
    std::uint8_t name_index = 0;  // under which of the file's names it matched (fields/names.h)
  };

  // The rules that match, in load order; at most one with Matching::kFirst. A file event is judged on each
  // of its distinct names (fields::distinct_names). Holds until the next call. Allocates nothing when no
  // rule matches. `timed`: what each rule takes is measured, which takes time itself.
  std::span<const Match> evaluate(fields::Subject subject, Arena& arena, bool timed = false);

  // What the conditions of each rule took, of the events that were timed. What several rules ask for is on
  // the account of the first.
  struct Cost {
    std::uint64_t runs = 0, ns = 0;
  };
  std::span<const Cost> costs() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace saker::rules
