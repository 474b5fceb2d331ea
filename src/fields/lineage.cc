#include "fields/lineage.h"

namespace saker::fields {

const state::Process* parent_of(const Subject& subject) {
  if (subject.processes == nullptr) return nullptr;
  if (subject.process == nullptr) return subject.processes->find(subject.event->task.parent);
  return subject.processes->parent_of(*subject.process);
}

const state::Process* ancestor(const Subject& subject, std::int64_t level) {
  if (level <= 0) return subject.process;
  const state::Process* found = nullptr;
  each_ancestor(subject, [&](const state::Process& process) {
    if (--level == 0) found = &process;
    return found == nullptr;
  });
  return found;
}

const state::Process* leader(const Subject& subject, Team team) {
  const event::Task& task = subject.event->task;
  const std::uint32_t id = team == Team::kSession ? task.session : task.group;
  if (subject.processes != nullptr && id != 0) {
    if (const state::Process* process = subject.processes->find_pid(id)) return process;
  }
  const state::Process* eldest = subject.process;
  each_ancestor(subject, [&](const state::Process& process) {
    if ((team == Team::kSession ? process.session : process.group) != id) return false;
    eldest = &process;
    return true;
  });
  return eldest;
}

}  // namespace saker::fields
