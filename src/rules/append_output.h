// append_output: texts and fields that the configuration adds to the outputs of rules.
#pragma once

#include <string>
#include <vector>

#include "fields/catalogue.h"
#include "rules/load.h"
#include "rules/rule.h"
#include "rules/rule_set.h"

namespace saker::rules {

// What goes behind the rule's own output, with its leading blank; empty when no entry applies.
std::string appended_output(const Rule& rule, const std::vector<AppendOutput>& entries,
                            const fields::Catalogue& catalogue);

// The fields that the alert carries besides. What is no field or template is left out: whoever reads the
// configuration checks it.
std::vector<ExtraField> appended_fields(const Rule& rule, const std::vector<AppendOutput>& entries,
                                        const fields::Catalogue& catalogue);

}  // namespace saker::rules
