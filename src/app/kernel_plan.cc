#include "app/kernel_plan.h"

#include <utility>

#include "base/log.h"
#include "capture/syscalls.h"
#include "rules/call_costs.h"

namespace saker::app {
namespace {

rules::Plan scope_only(const rules::RuleSet& rules) {
  capture::ScopePlan scopes{};
  for (event::TypeId type = 1; std::size_t{type} < scopes.size(); ++type) {
    if (!capture::is_collected(type)) continue;
    const rules::EventScope scope = rules.scope(type);
    if (scope.host) scopes[type] |= SAKER_SCOPE_HOST;
    if (scope.container) scopes[type] |= SAKER_SCOPE_CONTAINER;
  }
  for (const event::TypeId type : rules::told_for_roles(rules, capture::is_collected))
    scopes[type] = SAKER_SCOPE_HOST | SAKER_SCOPE_CONTAINER;
  rules::Plan plan;
  plan.filter = event::scope_plan(scopes);
  plan.programs.resize(plan.filter.programs.size());
  return plan;
}

// The end of a process is no call.
bool asks_for_calls(const event::FilterPlan& plan) {
  for (event::TypeId type = 1; std::size_t{type} < plan.scope.size(); ++type) {
    if (plan.scope[type] != 0 && type != event::kProcexit) return true;
  }
  return false;
}

void drop_failed(event::FilterPlan& plan) {
  for (std::size_t i = 1; i < plan.programs.size(); ++i) {  // 0 lets everything through
    event::PlanProgram& program = plan.programs[i];
    for (unsigned mode = SAKER_PLAN_FAILED; mode < SAKER_PLAN_MODES; mode += 2) program.tables.mode[mode] = 0;
    program.tables.uses |= 1U << SAKER_PLAN_MODE;
  }
}

}  // namespace

std::shared_ptr<const rules::Plan> make_kernel_plan(const rules::RuleSet& rules, const PlanOptions& options) {
  auto plan = std::make_shared<rules::Plan>(options.enabled ? rules::make_plan(rules, capture::is_collected)
                                                            : scope_only(rules));
  if (options.drop_failed_exit) drop_failed(plan->filter);
  for (const event::TypeId type : options.never) event::shut_out(plan->filter, type);
  // What is let through below are calls of our own, which no filter of seccomp's refuses.
  const bool failed = rules::estimate_call_costs(plan->filter).failed;
  if (asks_for_calls(plan->filter)) {
    for (const event::TypeId type : options.always) event::let_through(plan->filter, type);
  }
  plan->filter.call_costs = rules::estimate_call_costs(plan->filter, failed);
  return plan;
}

KernelPlan::KernelPlan(capture::Driver& driver, bool compare)
    : driver_(driver), compare_(compare), labels_(SAKER_PLAN_PROCESSES) {}

Result<> KernelPlan::apply(const rules::RuleSet& rules, std::shared_ptr<const rules::Plan> plan) {
  TRY(driver_.apply(plan->filter));
  driver_.compare_plan(compare_);
  classes_.reset();
  names_.clear();
  plan_ = std::move(plan);
  classes_.emplace(rules, *plan_);
  wanted_ = plan_->filter.scope;
  hooks_calls_ = asks_for_calls(plan_->filter);
  return {};
}

void KernelPlan::before_scan() {
  scanned_.resize(SAKER_PLAN_PROCESSES);
  for (std::uint32_t place = 0; place < scanned_.size(); ++place)
    scanned_[place] = driver_.plan().version(place);
}

void KernelPlan::on(const event::Event& event, const state::Process* process,
                    const state::ProcessTable& processes, Arena& arena) {
  if (event.task.ruled_out) ++stats_.ruled_out;
  const std::uint32_t tgid = event.task.process.tgid;
  // The dead have no class: who asks for their children's parent means the one that inherits them.
  label(tgid) = std::holds_alternative<event::Exit>(event.body) ? Label{} : Label{tgid, event.task.version};
  const bool call =
      std::holds_alternative<event::File>(event.body) || std::holds_alternative<event::Call>(event.body);
  if (!call || process == nullptr || !classes_ || !classes_->needed()) return;
  sort(*process, event.task.version, event, arena);
  if (!classes_ || !classes_->parents_needed()) return;
  const state::Process* parent = processes.parent_of(*process);
  if (parent == nullptr || !parent->alive) return;
  const std::uint32_t id = parent->id.tgid;
  if (label(id).tgid == id) {
    sort(*parent, label(id).version, event, arena);
  } else if (!parent->exact_start && !scanned_.empty()) {  // has done nothing since it was read
    sort(*parent, scanned_[id % scanned_.size()], event, arena);
  }
}

void KernelPlan::sort(const state::Process& process, std::uint32_t version, const event::Event& event,
                      Arena& arena) {
  const std::uint32_t tgid = process.id.tgid;
  if (driver_.plan().knows(tgid, version)) return;
  fields::Subject subject;
  subject.event = &event;
  subject.process = &process;
  const auto found = classes_->classify(subject, arena);
  if (!tell(found)) return;
  driver_.plan().set_process(tgid, version, found.number);
  ++stats_.classified;
  if (names_.size() >= SAKER_PLAN_COMMS || !names_.emplace(process.comm()).second) return;
  const auto of_name = classes_->classify_name(subject, arena);
  if (tell(of_name)) driver_.plan().set_comm(process.comm(), of_name.number);
}

// False: there is no such class in the probe.
bool KernelPlan::tell(const rules::ProcessClasses::Found& found) {
  if (found.number == 0) return false;
  if (!found.is_new) return true;
  const auto set = driver_.plan().set_class(found.number, classes_->terms(found.number));
  if (set) return true;
  log(LogLevel::kError, "processes are not sorted for the filter plan any more: {}", set.error().message);
  classes_.reset();  // a class that the probe knows nothing of would rule out everything
  return false;
}

void KernelPlan::matched(const event::Event& event, const std::string& rule) {
  if (!event.task.ruled_out) return;
  if (stats_.disagreed++ < 10) {
    log(LogLevel::kError, "the filter plan would have dropped an event ({}) that rule '{}' matches",
        event::type_name(event.type), rule);
  }
}

}  // namespace saker::app
