// The tables of the dimensions that look at two values at once: user ids, and the addresses and ports of a
// connection's ends (wire/plan.h, struct saker_plan_pairs).
#pragma once

#include <memory>

#include "event/filter_plan.h"
#include "rules/plan_terms.h"

namespace saker::rules {

// Null when no check looks at any of them.
std::shared_ptr<const event::PlanPairs> make_pair_tables(TermSet& terms);

}  // namespace saker::rules
