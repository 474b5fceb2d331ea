// Explanation: why a rule matches an event or does not, as the tree that its author wrote, with the value of
// every check and a mark on what decided.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "fields/catalogue.h"
#include "rules/load.h"

namespace saker::rules {

struct Explanation {
  enum class Kind : std::uint8_t { kAnd, kOr, kNot, kCheck };
  Kind kind = Kind::kCheck;
  bool holds = false;
  bool decided = false;  // the result of the whole would be open without it
  std::string macro;     // the part comes from this macro; empty inside of one and outside of all
  std::string text;      // of a check
  std::string value;     // of a check: what its left side is; "missing" when it is not there
  bool missing = false;
  std::vector<Explanation> terms;
};

// `subject` must hold values for the rule's fields. The details are those of one rule
// (LoadOptions::keep_details).
Explanation explain(const RuleDetails& rule, const fields::Subject& subject,
                    const fields::Catalogue& catalogue);

// One line a node, indented: `*` marks what decided.
std::string text_of(const Explanation& explanation);
nlohmann::json json_of(const Explanation& explanation);

}  // namespace saker::rules
