// What the transformers of the rule language do to values. Results live in the arena. Covered by
// transformers_test.cc.
#pragma once

#include <span>
#include <string>

#include "base/arena.h"
#include "fields/value.h"
#include "rules/ast.h"

namespace saker::rules {

// `argument`: the letter of getopt. Arguments were checked when compiling; a missing one, or one that cannot
// be transformed, gives a missing result.
fields::Value transform(Transformer transformer, std::span<const fields::Value> arguments,
                        std::string_view argument, Arena& arena);

}  // namespace saker::rules
