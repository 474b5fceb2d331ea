// Which rules are on: the configuration's `rules:` list over what the files say.
#pragma once

#include <string_view>
#include <vector>

#include "rules/load.h"

namespace saker::rules {

// `*` stands for any run of characters. As in Falco a literal behind a `*` is taken where it first occurs and
// nothing is tried again: "R*e" does not match "Read file", whose first e is not its last character.
bool matches_wildcard(std::string_view pattern, std::string_view text);

// Applies the entries in order; a later one wins.
void select_rules(const std::vector<Selection>& selection, std::vector<Rule>& rules);

}  // namespace saker::rules
