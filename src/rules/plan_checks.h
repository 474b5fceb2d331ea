// PlanChecks: the checks of rules as the planner looks at them, for events of one type.
//
// A dimension's point stands for all events that the probe cannot tell apart by it. A check is decided on
// examples of them that are as different as they can be for it. Where they agree the check is decided, with
// the semantics of the very readers and matchers that judge events; where they do not, or where a field
// depends on anything else, it is unknown.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "event/schema.h"
#include "rules/rule_program.h"
#include "rules/truth.h"

namespace saker::rules {

class PlanChecks {
 public:
  // `program` must outlive it.
  PlanChecks(const RuleSet::Program& program, event::TypeId type);

  bool is_open() const { return open_; }

 protected:
  // The field that a check compares with constants; null for all other checks.
  const fields::FieldRef* field(std::uint32_t predicate) const;
  // Also those that look at each element of a list.
  const fields::FieldRef* field_or_any(std::uint32_t predicate) const;
  // The parameter that the field is of; null when it is of none, or events of this type have no such one.
  const event::Parameter* parameter(std::uint32_t predicate) const;
  // An event with nothing in it.
  event::Event example() const;
  Truth agreed(std::uint32_t predicate, const std::vector<event::Event>& examples) const;

  const RuleSet::Program& program_;
  event::TypeId type_;
  bool open_ = false;
};

// Whether the check holds, by its value's readers alone.
bool holds(const RuleSet::Program& program, const Predicate& predicate, const fields::Subject& subject,
           Arena& arena);

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names);
bool is_equality(Operator op);
// The constants that are numbers.
std::vector<std::int64_t> numbers_of(const Predicate& predicate);

}  // namespace saker::rules
