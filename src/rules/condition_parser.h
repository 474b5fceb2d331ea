// Condition text → tree. The grammar is Falco's (operators, escapes, nesting limits and quirks included).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/ast.h"

namespace saker::rules {

struct ParseLimits {
  // Grammar levels; one parenthesis costs five. Falco allows 100 for a text alone and 1000 in rules.
  std::uint32_t depth_max = 1000;
};

// What is wrong and where, in bytes of the text. `expected` reads as a continuation of the caret line.
struct ParseProblem {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::string message;
};

struct Parsed {
  NodePtr tree;  // null when there is a problem
  std::vector<ParseProblem> problems;
};

// `source` is stored in every Span.
Parsed parse_condition(std::string_view text, std::uint32_t source = 0, ParseLimits limits = {});

// A field or transformer expression alone, as exceptions and output templates use it: parses the longest
// prefix of `text`; `length` is what it took. No tree, length 0 when there is none.
struct ParsedOperand {
  std::optional<Operand> operand;
  std::size_t length = 0;
  std::vector<ParseProblem> problems;
};
ParsedOperand parse_operand_prefix(std::string_view text);

}  // namespace saker::rules
