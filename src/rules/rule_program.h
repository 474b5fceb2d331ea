// What the evaluator runs for the rules of a set.
//
// Each class of event types has a flat program of steps. A step looks at one thing and names the step that
// follows when it is false and when it is true; a rule is a stretch of steps whose ways out lead to the next
// rule, or through a match to it. A result is kept in a slot for as long as the event is judged, so that a
// check shared by many rules, or a tree of them (a macro), is decided once.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "rules/program.h"
#include "rules/rule_set.h"

namespace saker::rules {

struct Step {
  enum class Kind : std::uint8_t {
    // These have a slot; two steps with the same one come to the same.
    kTest,  // decide predicate `entry`
    kText,  // ask `bit` of text table `entry`; `verdict` is what a set bit means
    kCall,  // decide a shared tree: run from step `entry` to the kReturn it leads to
    // These have none.
    kReturn,  // the tree came to `verdict`
    kMatch,   // rule `entry` matches; goes on at next[0]
    kEnd,
  };
  Kind kind = Kind::kEnd;
  bool by_name = false;  // the slot holds for one name of the file only
  bool verdict = false;
  std::uint32_t slot = 0;
  std::uint32_t entry = 0;
  std::uint32_t bit = 0;
  std::array<std::uint32_t, 2> next{};

  bool operator==(const Step&) const = default;
};

// Event types that no rule tells apart.
struct TypeProgram {
  std::vector<Step> steps;
  std::uint32_t begin = 0;        // all rules
  std::uint32_t begin_named = 0;  // only those that use a by_name field
  bool has_named = false;
  EventScope scope;
};

// The text checks of one value.
struct ValueTable {
  std::uint32_t value = 0;
  bool by_name = false;
  TextTable table;
};

struct RuleSet::Program {
  std::vector<ValueNode> values;
  std::vector<ValueTable> tables;
  std::vector<Predicate> predicates;
  std::vector<TypeProgram> programs;           // 0: types that no rule wants
  std::vector<std::uint32_t> program_of_type;  // by TypeId
  std::size_t slots_max = 0, calls_max = 0;    // memory that an evaluator needs
};

}  // namespace saker::rules
