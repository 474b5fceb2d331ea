// Which event types a condition speaks of.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "event/types.h"
#include "rules/matcher.h"
#include "rules/program.h"

namespace saker::rules {

// The types whose name the matcher accepts.
TypeSet matching_types(const Matcher& matcher);

// The event types that may make the condition true when nothing but its type sets is known. Of those, the
// ones that `open_sets` marks count as unknown too: Falco does not analyse their operator.
std::vector<event::TypeId> possible_types(const CompiledCondition& condition,
                                          const std::vector<bool>& open_sets);

// True when `evt.num OP constants` holds for no event: they are numbered from 1.
bool never_an_event_number(Operator op, std::span<const std::string> constants);

}  // namespace saker::rules
