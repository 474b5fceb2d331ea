// HeldEvents: events of containers that nobody has described yet.
//
// An event is judged once, with all that a rule may ask. When the container's metadata is on its way, the
// event waits here: its record is copied, with what the tables said of its process and ancestors at that
// time, for they go on. Events of one container stay in order; others pass. The wait ends with the answer or
// with the container's time, and what finds no room is judged at once, so nothing is lost and the delay is
// bounded.
//
// Not thread-safe. The pipeline thread owns it.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "event/event.h"
#include "fields/catalogue.h"
#include "observe/snapshot.h"
#include "state/containers.h"
#include "state/process_table.h"
#include "state/sockets.h"

namespace saker::app {

class HeldEvents {
 public:
  struct Limits {
    std::size_t events_max = 8192;
    std::size_t bytes_max = 8 * 1024 * 1024;
  };
  struct Held {
    std::vector<std::byte> record;
    fields::Subject subject;  // its event and process are gone: see restore()
    state::Container* container = nullptr;
    std::shared_ptr<const state::ProcessTable> lineage;
    event::ProcessId process;
    std::optional<state::Socket> socket;
    std::string identity;  // of a file: see event::File
    std::uint64_t number = 0, wall_ns = 0;
    std::uint64_t since_ns = 0;  // boot time
    std::size_t bytes = 0;
  };

  explicit HeldEvents(Limits limits) : limits_(limits) {}

  // Takes the event over, or says false: then it is to be judged now.
  bool hold(std::span<const std::byte> record, const fields::Subject& subject, state::Container& container,
            std::uint64_t now_ns);

  // Moves out, in order, what need not wait any longer at that time. `only`: all of that container.
  std::deque<Held> release(std::uint64_t now_ns, const state::Container* only = nullptr);
  std::deque<Held> release_all();

  // Decodes the record again into `event` and completes the subject with it.
  static void restore(Held& held, event::Event& event);

  // When the first of them has waited long enough; UINT64_MAX when there are none.
  std::uint64_t next_end_ns() const;

  bool empty() const { return events_.empty(); }
  observe::HeldStats stats() const {
    observe::HeldStats made = stats_;
    made.waits = waits_.snapshot();
    return made;
  }

 private:
  struct Lineage {
    std::uint64_t version = 0;
    std::weak_ptr<const state::ProcessTable> table;
  };
  std::shared_ptr<const state::ProcessTable> lineage_of(const fields::Subject& subject, std::size_t& bytes);

  Limits limits_;
  Histogram waits_;
  std::deque<Held> events_;
  std::size_t bytes_ = 0;
  absl::flat_hash_map<std::uint32_t, Lineage> lineages_;  // by process id
  observe::HeldStats stats_;
};

}  // namespace saker::app
