// For tests: a condition judged by walking its tree, one character at a time where that is plainest. Slow
// and obvious; the compiled evaluator is held against it in evaluator_property_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fields/catalogue.h"
#include "rules/ast.h"

namespace saker::rules::reference {

// A value that owns what it holds.
struct Plain {
  fields::Kind kind = fields::Kind::kMissing;
  std::string text;          // kText, kIp
  std::uint64_t number = 0;  // kBool, kInt, kUint
  std::vector<Plain> items;  // kList

  bool missing() const { return kind == fields::Kind::kMissing; }
};

Plain text(std::string_view text);
Plain number(fields::Kind kind, std::uint64_t number);
Plain list(std::vector<Plain> items);
// As inet_pton(3) reads it.
Plain ip(std::string_view text);

// What a field is and has for the event at hand.
struct Reading {
  fields::Type type = fields::Type::kText;
  bool is_list = false;
  bool any = false;  // a list that stands for any of its elements
  Plain value;
};
using Read = std::function<Reading(const Operand::FieldName&)>;

bool holds(const Node& node, const Read& read);

}  // namespace saker::rules::reference
