// Lint: what in rules is legal and yet hardly meant, or dearer than it need be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/load.h"

namespace saker::rules {

struct LintFinding {
  std::string code;  // never-true, unreachable, ...; see lint_codes()
  std::string file;
  std::uint32_t line = 0, column = 0;
  std::string item;     // the rule, macro or list
  std::string message;  // one sentence
  std::string advice;
};

struct LintCode {
  std::string_view code, meaning;
};
std::vector<LintCode> lint_codes();

// `loaded` must be good and have details. In the order of the rules; what the loader warned of comes first.
std::vector<LintFinding> lint(const LoadResult& loaded, Matching matching,
                              const fields::Catalogue& catalogue);

}  // namespace saker::rules
