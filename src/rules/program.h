// CompiledCondition: a checked condition as small tables that refer to each other by index. RuleSet joins
// the tables of its rules into one graph, where what is identical becomes one entry: `key` says what is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "event/types.h"
#include "fields/catalogue.h"
#include "rules/ast.h"
#include "rules/matcher.h"
#include "rules/text_table.h"

namespace saker::rules {

// What one side of a check reads. Arguments come before the value that uses them.
struct ValueNode {
  enum class Kind : std::uint8_t { kField, kConstant, kCall, kTuple };
  Kind kind = Kind::kConstant;
  bool by_name = false;  // differs between the names of one file
  Transformer transformer{};
  fields::FieldRef field;
  std::string text;  // the constant, or getopt's letter
  std::vector<std::uint32_t> arguments;
  std::string key;
};

// What a check says of container.id, for RuleSet::scope(): whether it holds on the host, and in a container.
struct ContainerVerdict {
  std::optional<bool> on_host, in_container;
};

// A check of one text that a TextTable can decide: which texts make it true, or false when negated.
struct TextCheck {
  TextTable::Kind kind = TextTable::Kind::kExact;
  bool negated = false;
  std::vector<std::string> texts;
};

struct Predicate {
  std::uint32_t left = 0;
  std::optional<std::uint32_t> right;  // a value node: compare_values() instead of `matcher`
  MatcherPtr matcher;
  Operator op = Operator::kExists;
  Modifier modifier = Modifier::kNone;
  std::vector<std::string> constants;  // as written
  fields::Type type{};
  bool any = false;  // holds when it holds for any element of a list
  bool all = false;  // for every element: neither end of a connection is (fd.ip != x)
  bool by_name = false;
  ContainerVerdict container;
  std::optional<TextCheck> text;
  // What the name of a file or of a host is compared with by =, in or intersects; see literals.h.
  std::vector<std::string> literals;
  std::string key;
};

// By event type, index 0 unused.
using TypeSet = std::vector<bool>;

// Children come before the node that uses them.
struct ConditionNode {
  enum class Kind : std::uint8_t { kFalse, kTrue, kTypes, kPredicate, kNot, kAnd, kOr };
  Kind kind = Kind::kFalse;
  std::uint32_t entry = 0;  // of `type_sets` or `predicates`
  std::vector<std::uint32_t> children;

  bool operator==(const ConditionNode&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const ConditionNode& node) {
    return H::combine(std::move(h), node.kind, node.entry, node.children);
  }
};

struct CompiledCondition {
  std::vector<ValueNode> values;
  std::vector<Predicate> predicates;
  std::vector<TypeSet> type_sets;
  std::vector<ConditionNode> nodes;
  std::uint32_t root = 0;
};

}  // namespace saker::rules
