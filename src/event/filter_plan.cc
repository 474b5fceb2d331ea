#include "event/filter_plan.h"

#include <algorithm>

namespace saker::event {

PlanProgram open_program(std::uint8_t scope) {
  constexpr PlanTerms kEvery = ~PlanTerms{0};
  PlanProgram program;
  saker_plan_program& tables = program.tables;
  tables.all = 1;
  for (unsigned where = 0; where < std::size(tables.scope); ++where)
    tables.scope[where] = (scope & where) != 0 ? 1 : 0;
  std::ranges::fill(tables.mode, kEvery);
  std::ranges::fill(tables.task, kEvery);
  std::ranges::fill(tables.kind, kEvery);
  for (auto& argument : tables.argument) std::ranges::fill(argument, kEvery);
  std::ranges::fill(tables.argument_of, std::uint8_t{SAKER_PLAN_NO_ARGUMENT});
  tables.descriptor_of = SAKER_PLAN_NO_ARGUMENT;
  tables.raw_plain = kEvery;
  tables.literal = kEvery;
  tables.too_long = kEvery;
  for (saker_plan_part* part : {&tables.name, &tables.directory, &tables.tail, &tables.top})
    part->other = kEvery;
  for (saker_plan_text_argument& text : tables.texts) {
    text.argument = SAKER_PLAN_NO_ARGUMENT;
    text.name.other = text.tail.other = kEvery;
    for (saker_plan_piece& piece : text.pieces) piece.without = kEvery;
  }
  return program;
}

void let_through(FilterPlan& plan, TypeId type) {
  plan.program_of[type] = 0;
  plan.scope[type] = SAKER_SCOPE_HOST | SAKER_SCOPE_CONTAINER;
}

void shut_out(FilterPlan& plan, TypeId type) {
  plan.program_of[type] = SAKER_PLAN_NOTHING;
  plan.scope[type] = 0;
}

FilterPlan scope_plan(const std::array<std::uint8_t, SAKER_EVENTS_MAX>& scope) {
  constexpr std::uint8_t kBoth = SAKER_SCOPE_HOST | SAKER_SCOPE_CONTAINER;
  FilterPlan plan;
  for (const std::uint8_t where :
       {kBoth, std::uint8_t{SAKER_SCOPE_HOST}, std::uint8_t{SAKER_SCOPE_CONTAINER}})
    plan.programs.push_back(open_program(where));
  plan.scope = scope;
  for (std::size_t type = 0; type < scope.size(); ++type) {
    const unsigned where = scope[type] & kBoth;
    plan.program_of[type] =
        where == 0 ? std::uint8_t{SAKER_PLAN_NOTHING} : static_cast<std::uint8_t>(where == kBoth ? 0 : where);
  }
  return plan;
}

}  // namespace saker::event
