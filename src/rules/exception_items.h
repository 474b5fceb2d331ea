// The `exceptions` of a rule item: their form, not yet their meaning (exceptions.h).
#pragma once

#include <optional>
#include <vector>

#include "rules/item_reader.h"
#include "rules/rule_items.h"

namespace saker::rules {

// `fields_required`: a definition needs them, an append may leave them to the exception it adds to.
std::optional<std::vector<ExceptionItem>> read_exceptions(ItemReader& rule, std::string_view file_text,
                                                          Findings& findings, bool fields_required);

}  // namespace saker::rules
