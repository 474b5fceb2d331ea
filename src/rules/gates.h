// Gates: which rules an event can match at all, told by a few look-ups before any rule is run.
//
// Nearly every rule demands that some text be one of those it names (proc.name in shells, fd.name below
// /etc). The demands of all rules on one value are a table whose rows say which rules a text lets through.
// What the values of an event let through together, and the rules without a gate, are the only ones to be
// run: a thousand rules cost what the few cost that an event may concern.
//
// Before that, a few flags that many rules demand (evt.is_open_write, a container) take out the rules of
// those that are false, and with them the look-ups that only they need.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rules/program.h"
#include "rules/rule_program.h"
#include "rules/step_writer.h"

namespace saker::rules {

// Puts gates for the rules of `roots` into `program`. The nodes hold no type sets.
void add_gates(std::span<const RuleRoot> roots, const std::vector<ConditionNode>& nodes,
               const std::vector<Predicate>& predicates, const std::vector<ValueNode>& values,
               TypeProgram& program);

}  // namespace saker::rules
