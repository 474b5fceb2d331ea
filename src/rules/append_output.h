// append_output: texts and fields that the configuration adds to the outputs of rules.
#pragma once

#include <string>
#include <vector>

#include "fields/catalogue.h"
#include "rules/load.h"
#include "rules/rule.h"

namespace saker::rules {

// What goes behind the rule's own output, with its leading blank; empty when no entry applies.
std::string appended_output(const Rule& rule, const std::vector<AppendOutput>& entries,
                            const fields::Catalogue& catalogue);

}  // namespace saker::rules
