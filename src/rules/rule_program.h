// What the evaluator runs for the rules of a set.
//
// Each class of event types has a flat program of steps. A step looks at one thing and names the step that
// follows when it is false and when it is true; a rule is a stretch of steps that ends, through a match or
// without. Which rules are run at all the gates tell (gates.h). A result is kept in a slot for as long as the
// event is judged, so that a check shared by many rules, or a tree of them (a macro), is decided once.
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
    kMatch,   // rule `entry` matches
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

// The root of a rule's condition for one class of event types.
struct RuleRoot {
  std::uint32_t rule = 0;
  std::uint32_t node = 0;
};

// Rules of a TypeProgram as bits, in load order.
using RuleBits = std::vector<std::uint64_t>;

// Lets through the rules that a value's text may concern.
struct Gate {
  std::uint32_t value = 0;
  bool by_name = false;
  TextTable table;
  RuleBits rules = {};  // all that ask for this value
  RuleBits rows = {};   // by the table's row, TypeProgram::words words each: those that it lets through
};

// A cheap check that all of its rules demand: when it does not hold, none of them is wanted.
struct Requirement {
  std::uint32_t predicate = 0;
  RuleBits rules = {};
};

// Event types that no rule tells apart.
struct TypeProgram {
  std::vector<Step> steps;
  std::vector<std::uint32_t> begins;  // first step of each rule
  std::size_t words = 0;              // of a RuleBits
  RuleBits all;
  RuleBits named;    // rules that use a by_name field
  RuleBits ungated;  // rules without a gate
  std::vector<Requirement> requirements;
  std::vector<Gate> gates;
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
  std::vector<TypeProgram> programs;                        // 0: types that no rule wants
  std::vector<ConditionNode> nodes;                         // what the programs were made of
  std::vector<std::vector<RuleRoot>> roots;                 // by program
  std::vector<std::uint32_t> program_of_type;               // by TypeId
  std::size_t slots_max = 0, calls_max = 0, words_max = 0;  // memory that an evaluator needs
};

}  // namespace saker::rules
