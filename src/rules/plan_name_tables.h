// The tables of the dimensions that look at a file's names: its last part, its end, the directory above it,
// and the path's beginning (wire/plan.h).
#pragma once

#include "event/filter_plan.h"
#include "rules/plan_terms.h"

namespace saker::rules {

// Those of `program` whose other tables are filled already.
void fill_name_tables(TermSet& terms, event::PlanProgram& program);

}  // namespace saker::rules
