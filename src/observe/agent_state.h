// AgentState: what is in force and how it came to be, for metrics and health. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "alert/outputs.h"

namespace saker::observe {

struct FileInfo {
  std::string path, sha256;
};

// Of the revision in force.
struct InForce {
  std::uint64_t number = 0;
  std::uint64_t since_wall_ns = 0;
  std::size_t rules = 0;
  std::vector<std::string> event_types;  // that rules want
  std::vector<FileInfo> rules_files, config_files;
  std::shared_ptr<const alert::Outputs> outputs;
};

struct Reloads {
  std::uint64_t good = 0, bad = 0;
  bool last_good = true;
  std::uint64_t last_wall_ns = 0;  // 0 = none yet
  std::string problem;             // of the last one, when it was bad
};

class AgentState {
 public:
  struct View {
    InForce in_force;
    Reloads reloads;
    bool attached = false;  // the driver
  };

  View view() const {
    const std::lock_guard lock(mutex_);
    return view_;
  }
  void set_attached(bool attached) {
    const std::lock_guard lock(mutex_);
    view_.attached = attached;
  }
  void set_in_force(InForce in_force) {
    const std::lock_guard lock(mutex_);
    view_.in_force = std::move(in_force);
  }
  void note_reload(bool good, std::uint64_t wall_ns, std::string problem) {
    const std::lock_guard lock(mutex_);
    ++(good ? view_.reloads.good : view_.reloads.bad);
    view_.reloads.last_good = good;
    view_.reloads.last_wall_ns = wall_ns;
    view_.reloads.problem = std::move(problem);
  }

 private:
  mutable std::mutex mutex_;
  View view_;
};

}  // namespace saker::observe
