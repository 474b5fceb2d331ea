// Trees → program. Names are resolved against the field catalogue, operators and constants are checked
// and prepared (hash sets, tries, RE2), `evt.type` is folded away for each event type, identical
// predicates become one. The per-event path (rule_set.h) looks up no name and parses no text.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "event/types.h"
#include "fields/catalogue.h"
#include "rules/ast.h"

namespace saker::rules {

// A located finding of the compiler; `span` refers to the tree's sources.
struct CompileProblem {
  Span span;
  std::string message;          // one sentence
  std::string suggestion;       // nearest known name; may be empty
  bool unknown_filter = false;  // skip-if-unknown-filter downgrades it
};

struct CompiledCondition;  // program.h; immutable, shared between rule sets

struct CompileResult {
  std::shared_ptr<const CompiledCondition> condition;  // null when there are problems
  std::vector<CompileProblem> problems;
  std::vector<CompileProblem> warnings;
  std::vector<event::TypeId> event_types;  // those that can make it true; empty: none
};

// `tree` has no macros left.
CompileResult compile_condition(const Node& tree, const fields::Catalogue& catalogue);

// Checks a field expression (exceptions, templates) without making a program.
std::vector<CompileProblem> check_operand(const Operand& operand, const fields::Catalogue& catalogue);

}  // namespace saker::rules
