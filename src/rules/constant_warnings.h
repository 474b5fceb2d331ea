// Constants that are not wrong but probably not what the author meant.
#pragma once

#include <string>
#include <vector>

#include "rules/compile.h"

namespace saker::rules {

// Adds to `warnings` what is odd about the constants of a check.
void warn_about_constants(const Node::Check& check, const fields::Catalogue& catalogue,
                          std::vector<CompileProblem>& warnings);

}  // namespace saker::rules
