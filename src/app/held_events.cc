#include "app/held_events.h"

#include <algorithm>
#include <utility>

#include "event/decode.h"

namespace saker::app {

bool HeldEvents::hold(std::span<const std::byte> record, const fields::Subject& subject,
                      state::Container& container, std::uint64_t now_ns) {
  const bool waits = container.pending() && now_ns < container.wait_until_ns;
  if (!waits && container.held == 0) return false;
  if (events_.size() >= limits_.events_max || bytes_ + record.size() > limits_.bytes_max) {
    ++stats_.no_room;
    return false;
  }
  Held held;
  held.bytes = sizeof(Held) + record.size();
  held.record.assign(record.begin(), record.end());
  held.subject = subject;
  held.container = &container;
  held.number = subject.event->number;
  held.wall_ns = subject.event->wall_ns;
  held.since_ns = now_ns;
  if (const auto* file = std::get_if<event::File>(&subject.event->body)) held.identity = file->identity;
  if (subject.socket != nullptr) held.socket = *subject.socket;
  if (subject.process != nullptr) {
    held.process = subject.process->id;
    held.lineage = lineage_of(subject, held.bytes);
  }
  bytes_ += held.bytes;
  ++container.held;
  ++stats_.held;
  events_.push_back(std::move(held));
  return true;
}

// Events of one process follow each other: most share what was kept for the one before.
std::shared_ptr<const state::ProcessTable> HeldEvents::lineage_of(const fields::Subject& subject,
                                                                  std::size_t& bytes) {
  Lineage& known = lineages_[subject.process->id.tgid];
  const std::uint64_t version = subject.processes->lineage_version(*subject.process);
  auto table = known.table.lock();
  if (table && known.version == version) return table;
  auto fresh = subject.processes->lineage(*subject.process);
  bytes += fresh.bytes;
  known = {version, fresh.table};
  return fresh.table;
}

std::deque<HeldEvents::Held> HeldEvents::release(std::uint64_t now_ns, const state::Container* only) {
  std::deque<Held> free, kept;
  for (Held& held : events_) {
    state::Container& container = *held.container;
    const bool in_time = now_ns < container.wait_until_ns;
    if (&container != only && container.pending() && in_time) {
      kept.push_back(std::move(held));
      continue;
    }
    if (container.pending() && !in_time) ++stats_.timed_out;
    if (now_ns != UINT64_MAX) waits_.add(now_ns - std::min(now_ns, held.since_ns));
    --container.held;
    bytes_ -= held.bytes;
    free.push_back(std::move(held));
  }
  events_ = std::move(kept);
  if (events_.empty()) lineages_.clear();
  return free;
}

std::deque<HeldEvents::Held> HeldEvents::release_all() { return release(UINT64_MAX); }

void HeldEvents::restore(Held& held, event::Event& event) {
  // It was decoded once already.
  if (!event::decode_into(held.record, event)) return;
  event.number = held.number;
  event.wall_ns = held.wall_ns;
  if (auto* file = std::get_if<event::File>(&event.body)) file->identity = held.identity;
  held.subject.event = &event;
  held.subject.socket = held.socket ? &*held.socket : nullptr;
  if (held.lineage) {
    held.subject.processes = held.lineage.get();
    held.subject.process = held.lineage->find(held.process);
  }
}

std::uint64_t HeldEvents::next_end_ns() const {
  std::uint64_t end = UINT64_MAX;
  for (const Held& held : events_) end = std::min(end, held.container->wait_until_ns);
  return end;
}

}  // namespace saker::app
