// Which checks look at nothing but what a process runs: its name, program file and arguments. These stay as
// they are from one exec to the next, so they are decided once for a process and not at each event.
#pragma once

#include <cstdint>

#include "fields/catalogue.h"
#include "rules/rule_program.h"
#include "rules/truth.h"

namespace saker::rules {

// Of the process that acts.
bool of_process(const RuleSet::Program& program, std::uint32_t predicate);
// Of its parent.
bool of_parent(const RuleSet::Program& program, std::uint32_t predicate);
// The same, of the name alone.
bool of_process_name(const RuleSet::Program& program, std::uint32_t predicate);
bool of_parent_name(const RuleSet::Program& program, std::uint32_t predicate);

// What the check comes to for the process, as the one that acts or as the parent of the one that does.
// `subject` needs an event and the process only.
Truth decide_for_process(const RuleSet::Program& program, std::uint32_t predicate,
                         const fields::Subject& subject, Arena& arena);
Truth decide_for_parent(const RuleSet::Program& program, std::uint32_t predicate,
                        const fields::Subject& subject, Arena& arena);

}  // namespace saker::rules
