// Fields that still load but may go away, wherever a condition names them.
#pragma once

#include <vector>

#include "fields/catalogue.h"
#include "rules/ast.h"
#include "rules/compile.h"

namespace saker::rules {

// One warning for each use of a field flagged deprecated. `tree` has no macros left.
std::vector<CompileProblem> deprecated_uses(const Node& tree, const fields::Catalogue& catalogue);

}  // namespace saker::rules
