// Matcher: an operator with its constants, ready to judge values of one type.
//
// Everything that can be prepared is (hash sets, tries, compiled expressions), so that judging parses
// nothing. A missing value never matches, whatever the operator. Covered by matcher_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "fields/catalogue.h"
#include "fields/value.h"
#include "rules/ast.h"

namespace saker::rules {

class Matcher {
 public:
  virtual ~Matcher() = default;

  bool matches(const fields::Value& value, Arena& arena) const {
    return (kinds_ >> static_cast<unsigned>(value.kind()) & 1U) != 0 && decide(value, arena);
  }

 protected:
  enum Kinds : unsigned {
    kText = 1U << static_cast<unsigned>(fields::Kind::kText),
    kNumbers = 1U << static_cast<unsigned>(fields::Kind::kBool) |
               1U << static_cast<unsigned>(fields::Kind::kInt) |
               1U << static_cast<unsigned>(fields::Kind::kUint),
    kIp = 1U << static_cast<unsigned>(fields::Kind::kIp),
    kList = 1U << static_cast<unsigned>(fields::Kind::kList),
    kPresent = kText | kNumbers | kIp | kList,
  };

  // `kinds`: of values that can match at all.
  explicit Matcher(unsigned kinds) : kinds_(kinds) {}

 private:
  virtual bool decide(const fields::Value& value, Arena& arena) const = 0;

  unsigned kinds_;
};

using MatcherPtr = std::shared_ptr<const Matcher>;

// Whether values of the type can be compared like that.
bool allows(fields::Type type, bool is_list, Operator op);

// A constant that does not suit; `constant` counts those given.
struct ConstantProblem {
  std::size_t constant = 0;
  std::string message;
};

struct MadeMatcher {
  MatcherPtr matcher;  // null when there are problems
  std::vector<ConstantProblem> problems;
};

// The operator must be allowed for the type. `is_list`: values are lists of that type.
MadeMatcher make_matcher(fields::Type type, bool is_list, Operator op, Modifier modifier,
                         std::span<const std::string> constants);

// The right side is another value; `in` and `intersects` treat single values as lists of one.
bool compare_values(fields::Type type, Operator op, const fields::Value& left, const fields::Value& right,
                    Arena& arena);
// Operators that compare_values() knows.
bool compares_values(Operator op);

}  // namespace saker::rules
