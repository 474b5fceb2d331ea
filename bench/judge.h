// The agent's way of a record up to the verdict, without the kernel: app/pipeline.cc is the real one.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "base/arena.h"
#include "event/decode.h"
#include "fields/descriptor.h"
#include "rules/rule_set.h"
#include "state/containers.h"
#include "state/process_table.h"
#include "state/sockets.h"
#include "state/users.h"

namespace saker::bench {

class Judge {
 public:
  explicit Judge(const rules::RuleSet& rules) { use(rules); }

  // Another rule set from the next record on; what is known of processes, containers and sockets stays.
  void use(const rules::RuleSet& rules) {
    evaluator_ = std::make_unique<rules::Evaluator>(rules);
    wanted_.clear();
    for (event::TypeId type = 0; type < event::type_count(); ++type) {
      const rules::EventScope scope = rules.scope(type);
      wanted_.push_back(scope.host || scope.container);
    }
  }

  // The rules that matched.
  std::span<const rules::Evaluator::Match> take(std::span<const std::byte> record) {
    event::Event& event = event_;
    if (!event::decode_into(record, event)) std::abort();
    if (const auto* cgroup = std::get_if<event::Cgroup>(&event.body)) {
      containers_.on(*cgroup);
      return {};
    }
    const state::Process* process = processes_.on(event);
    if (std::holds_alternative<event::Fork>(event.body) || !wanted_[event.type]) return {};
    event.number = ++events_;
    event.wall_ns = event.time_ns;
    const state::Containers::Found found = containers_.find(event.task);
    fields::Subject subject;
    subject.event = &event;
    subject.process = process;
    subject.processes = &processes_;
    subject.container = found.container;
    subject.where = found.where;
    subject.users = &users_;
    if (const event::Descriptor* socket = fields::main_descriptor_of(subject))
      subject.socket = sockets_.on(event, *socket, fields::peer_address_of(event));
    arena_.reset();
    const auto matches = evaluator_->evaluate(subject, arena_);
    matches_ += matches.size();
    return matches;
  }

  std::uint64_t events() const { return events_; }
  std::uint64_t matches() const { return matches_; }
  const state::ProcessTable& processes() const { return processes_; }

 private:
  std::unique_ptr<rules::Evaluator> evaluator_;
  state::ProcessTable processes_{state::ProcessTable::Limits{}};
  state::Containers containers_{state::Containers::Limits{}};
  state::Users users_;
  state::Sockets sockets_;
  event::Event event_;
  Arena arena_;
  std::vector<bool> wanted_;
  std::uint64_t events_ = 0, matches_ = 0;
};

}  // namespace saker::bench
