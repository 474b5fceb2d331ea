#include "state/process_table.h"

#include <absl/container/flat_hash_set.h>
#include <absl/hash/hash.h>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace saker::state {
namespace {

// /proc tells start times in these steps.
constexpr std::uint64_t kTickNs = 10'000'000;
// Longest chain of reapers that is followed; a longer one is a loop of stale rows.
constexpr int kReapersMax = 64;
// Longest line of ancestors that is copied.
constexpr std::size_t kLineageMax = 64;
// A directory as long as this is not remembered when there is little room.
constexpr std::size_t kDirectoryShort = 128;

// A pid and the tick it started in: what a scanned process and its first record have in common. The kernel
// cannot give a pid out twice within one tick, short of a program that asks for it by number.
struct Key {
  std::uint32_t tgid = 0;
  std::uint64_t tick = 0;

  bool operator==(const Key&) const = default;
  template <class H>
  friend H AbslHashValue(H state, const Key& key) {
    return H::combine(std::move(state), key.tgid, key.tick);
  }
};

Key key_of(event::ProcessId id) { return {id.tgid, id.start_ns / kTickNs}; }

}  // namespace

Comm::Comm(std::string_view text) : size_(static_cast<std::uint8_t>(std::min(text.size(), kBytesMax))) {
  std::ranges::copy(text.substr(0, size_), bytes_.begin());
}

struct ProcessTable::Index {
  struct Row {
    Process process;
    event::ProcessId reaper;     // who has the children, once dead; tgid 0 = nobody was told
    std::uint32_t children = 0;  // rows that hold this one as their parent
    bool holds_parent = false;   // counted among the parent's children
  };
  using RowPtr = std::unique_ptr<Row>;
  // With what the allocator and both indexes add.
  static constexpr std::size_t kRowBytes = sizeof(Row) + 48;

  static Key key(const RowPtr& row) { return key_of(row->process.id); }
  struct HashKey {
    using is_transparent = void;
    std::size_t operator()(const Key& key) const { return absl::HashOf(key); }
    std::size_t operator()(const RowPtr& row) const { return absl::HashOf(key(row)); }
  };
  struct SameKey {
    using is_transparent = void;
    bool operator()(const RowPtr& a, const RowPtr& b) const { return key(a) == key(b); }
    bool operator()(const RowPtr& a, const Key& b) const { return key(a) == b; }
    bool operator()(const Key& a, const RowPtr& b) const { return a == key(b); }
  };
  struct HashPid {
    using is_transparent = void;
    std::size_t operator()(std::uint32_t pid) const { return absl::HashOf(pid); }
    std::size_t operator()(const Row* row) const { return absl::HashOf(row->process.id.tgid); }
  };
  struct SamePid {
    using is_transparent = void;
    bool operator()(const Row* a, const Row* b) const { return a->process.id.tgid == b->process.id.tgid; }
    bool operator()(const Row* a, std::uint32_t b) const { return a->process.id.tgid == b; }
    bool operator()(std::uint32_t a, const Row* b) const { return a == b->process.id.tgid; }
  };

  Programs programs;  // before all that refers to them
  Directories directories;
  absl::flat_hash_set<RowPtr, HashKey, SameKey> rows;
  absl::flat_hash_set<Row*, HashPid, SamePid> by_pid;  // the one that has the pid, or had it last
  std::deque<std::pair<std::uint64_t, Key>> dead;      // in the order of death: (when, who)
  ProgramRef unknown = programs.get({});

  Row* find(const Key& key) {
    const auto found = rows.find(key);
    return found == rows.end() ? nullptr : found->get();
  }

  Row* find(event::ProcessId id) {
    if (id.tgid == 0) return nullptr;
    Row* row = find(key_of(id));
    // Two exact times in one tick are two processes.
    if (row != nullptr && row->process.exact_start && id.start_ns % kTickNs != 0 &&
        row->process.id.start_ns != id.start_ns)
      return nullptr;
    return row;
  }

  void let_parent_go(Row& row) {
    if (!std::exchange(row.holds_parent, false)) return;
    // By its tick: the exact time in the link may be another's than the one the row was completed with.
    Row* parent = find(key_of(row.process.parent));
    if (parent != nullptr && parent->children > 0) --parent->children;
  }

  void set_parent(Row& row, event::ProcessId parent) {
    if (row.holds_parent && row.process.parent == parent) return;
    let_parent_go(row);
    row.process.parent = parent;
    // A parent is older than its child: wrong or stale ids must not make a ring that nothing can free.
    if (Row* now = find(parent); now && now->process.id.start_ns < row.process.id.start_ns) {
      ++now->children;
      row.holds_parent = true;
    }
  }

  void die(Row& row, std::uint64_t now_ns) {
    row.process.alive = false;
    dead.emplace_back(now_ns, key_of(row.process.id));
  }

  // A pid has one life at a time: of two, the earlier is over, and its exit record was lost. Without this the
  // lost ones would fill the table.
  void take_pid(Row& row, std::uint64_t now_ns) {
    const auto [holder, fresh] = by_pid.insert(&row);
    if (fresh) return;
    Row& other = **holder;
    if (key_of(other.process.id).tick > key_of(row.process.id).tick) return die(row, now_ns);
    if (other.process.alive) die(other, now_ns);
    by_pid.erase(holder);
    by_pid.insert(&row);
  }

  void erase(const Key& key) {
    const auto found = rows.find(key);
    if (found == rows.end()) return;
    Row* row = found->get();
    let_parent_go(*row);
    if (const auto pid = by_pid.find(key.tgid); pid != by_pid.end() && *pid == row) by_pid.erase(pid);
    rows.erase(found);
  }

  // The living inheritor of a dead parent, if the probe told of one.
  Row* living_parent(Row& row) {
    Row* parent = find(row.process.parent);
    for (int i = 0; i < kReapersMax && parent && !parent->process.alive && parent->reaper.tgid != 0; ++i) {
      Row* reaper = find(parent->reaper);
      if (!reaper || reaper == &row) break;
      set_parent(row, reaper->process.id);
      parent = reaper;
    }
    return parent;
  }
};

ProcessTable::ProcessTable(Limits limits) : index_(std::make_unique<Index>()), limits_(limits) {}
ProcessTable::~ProcessTable() = default;

void ProcessTable::add_scanned(const ScannedProcess& scanned) {
  if (index_->find(scanned.id)) return;
  Process process;
  process.id = scanned.id;
  process.session = scanned.session;
  process.group = scanned.group;
  process.pid_ns = scanned.pid_ns;
  process.name = Comm(scanned.comm);
  process.program = index_->programs.get({.exepath = scanned.exepath,
                                          .args = scanned.args,
                                          .args_truncated = scanned.args_truncated,
                                          .args_bytes = scanned.args_bytes,
                                          .exe_file = scanned.exe_file_known ? &scanned.exe_file : nullptr});
  set_directory(process, scanned.cwd);
  if (insert(std::move(process), 0)) index_->set_parent(*index_->find(scanned.id), scanned.parent);
}

Process* ProcessTable::insert(Process process, std::uint64_t now_ns) {
  if (!make_room(now_ns)) {
    ++stats_.refused;
    return nullptr;
  }
  auto row = std::make_unique<Index::Row>();
  row->process = std::move(process);
  Process* added = &row->process;
  index_->erase(key_of(added->id));  // an earlier life within the same tick
  index_->take_pid(**index_->rows.insert(std::move(row)).first, now_ns);
  ++stats_.added;
  return added;
}

// For one more process, and the program that it will run.
bool ProcessTable::make_room(std::uint64_t now_ns) {
  constexpr std::size_t kNeeded = Index::kRowBytes + Programs::kBytesKept;
  const auto full = [this] {
    return size() >= limits_.processes_max || bytes() + kNeeded > limits_.bytes_max;
  };
  if (!full()) return true;
  forget_details(kNeeded);
  if (!full()) return true;
  purge(now_ns);
  while (full()) {
    if (!evict_one()) return false;
  }
  return true;
}

bool ProcessTable::evict_one() {
  while (!index_->dead.empty()) {
    const Key oldest = index_->dead.front().second;
    index_->dead.pop_front();
    const Index::Row* row = index_->find(oldest);
    if (row == nullptr || row->process.alive) continue;  // of an earlier life in that tick
    index_->erase(oldest);
    ++stats_.evicted;
    return true;
  }
  return false;
}

// Until there is room for so many bytes more, as far as that helps.
void ProcessTable::forget_details(std::size_t more) {
  const std::size_t all = bytes() + more, programs = index_->programs.bytes();
  if (all > limits_.bytes_max) index_->programs.fit(programs - std::min(programs, all - limits_.bytes_max));
}

void ProcessTable::set_directory(Process& process, std::string_view path) {
  if (path == process.cwd()) return;
  process.directory = nullptr;
  if (path.size() > kDirectoryShort && bytes() + path.size() > limits_.bytes_max) {
    ++stats_.shortened;
    return;
  }
  if (!path.empty()) process.directory = index_->directories.get(path);
}

Process* ProcessTable::update(const event::Event& event) {
  Index::Row* row = index_->find(event.task.process);
  if (!row) {
    Process process;
    process.id = event.task.process;
    process.exact_start = true;
    process.name = Comm(event.task.comm);
    process.program = index_->unknown;
    if (!insert(std::move(process), event.time_ns)) return nullptr;
    row = index_->find(event.task.process);
    if (!row) return nullptr;
    if (!std::holds_alternative<event::Fork>(event.body)) ++stats_.unknown;
  } else {
    ++stats_.found;
  }
  Process& process = row->process;
  if (!process.exact_start) {  // the first record of a scanned process completes its key
    process.id = event.task.process;
    process.exact_start = true;
  }
  process.session = event.task.session;
  process.group = event.task.group;
  process.pid_ns = event.task.pid_ns;
  // The kernel's word on the parent, kept up to date through reparenting; a dying task may have none left.
  if (event.task.parent.tgid != 0) index_->set_parent(*row, event.task.parent);
  return &process;
}

const Process* ProcessTable::on(const event::Event& event) {
  if (std::holds_alternative<event::Cgroup>(event.body)) return nullptr;
  Process* process = update(event);
  if (!process) return nullptr;
  if (const auto* fork = std::get_if<event::Fork>(&event.body)) {
    inherit(*process, fork->creator, event.time_ns);
  } else if (const auto* exec = std::get_if<event::Exec>(&event.body)) {
    take(*process, *exec, event);
  } else if (const auto* file = std::get_if<event::File>(&event.body)) {
    if (file->cwd.present) set_directory(*process, file->cwd.bytes);
  } else if (const auto* exit = std::get_if<event::Exit>(&event.body)) {
    bury(*process, *exit, event.time_ns);
  }
  return process;
}

// A new process is a copy of its creator until it runs a program of its own. Its name stays the one in its
// record: a creator may have renamed itself, as runc's "runc:[1:CHILD]" does, and rules know such names.
void ProcessTable::inherit(Process& child, event::ProcessId creator, std::uint64_t now_ns) {
  const Index::Row* from = index_->find(creator);
  // A fork told late must not undo the child's own exec.
  if (!from || child.exec_time_ns > now_ns) return;
  const Process& parent = from->process;
  child.program = parent.program;
  child.directory = parent.directory;
  child.exec_time_ns = parent.exec_time_ns;
}

void ProcessTable::take(Process& process, const event::Exec& exec, const event::Event& event) {
  process.name = Comm(event.task.comm);
  process.program =
      index_->programs.get({.exepath = exec.exe.bytes,
                            .args = exec.args.bytes,
                            .environment = exec.env.present ? std::optional(exec.env.bytes) : std::nullopt,
                            .args_truncated = exec.args.truncated,
                            .args_bytes = exec.args_bytes,
                            .exe_file = &exec.file});
  if (exec.cwd.present) set_directory(process, exec.cwd.bytes);
  process.exec_time_ns = event.time_ns;
  forget_details();
}

void ProcessTable::bury(Process& process, const event::Exit& exit, std::uint64_t now_ns) {
  Index::Row* row = index_->find(process.id);
  if (exit.reaper.tgid != 0) row->reaper = exit.reaper;
  if (process.alive) index_->die(*row, now_ns);
}

const Process* ProcessTable::find(event::ProcessId id) const {
  const Index::Row* row = index_->find(id);
  if (!row) return rest_ ? rest_->find(id) : nullptr;
  return &row->process;
}

const Process* ProcessTable::find_pid(std::uint32_t tgid) const {
  const auto row = index_->by_pid.find(tgid);
  if (row == index_->by_pid.end()) return rest_ ? rest_->find_pid(tgid) : nullptr;
  return &(*row)->process;
}

const Process* ProcessTable::parent_of(const Process& child) const {
  Index::Row* row = index_->find(child.id);
  if (!row && rest_) return rest_->parent_of(child);
  Index::Row* parent = row ? index_->living_parent(*row) : index_->find(child.parent);
  return parent ? &parent->process : nullptr;
}

std::vector<event::ProcessId> ProcessTable::living() const {
  std::vector<event::ProcessId> ids;
  for (const auto& row : index_->rows) {
    if (row->process.alive) ids.push_back(row->process.id);
  }
  return ids;
}

void ProcessTable::set_environment(event::ProcessId id, std::string_view environment) {
  Index::Row* row = index_->find(id);
  if (row == nullptr) return;
  const Program& known = *row->process.program;
  row->process.program = index_->programs.get({.exepath = known.exepath(),
                                               .args = known.args(),
                                               .environment = environment,
                                               .args_truncated = known.args_truncated(),
                                               .args_bytes = known.args_bytes(),
                                               .exe_file = known.exe_file()});
  forget_details();
}

ProcessTable::Lineage ProcessTable::lineage(const Process& process) const {
  std::vector<const Process*> line;
  for (const Process* at = &process; at != nullptr && line.size() < kLineageMax; at = parent_of(*at))
    line.push_back(at);
  Lineage copy;
  auto table = std::make_shared<ProcessTable>(limits_);
  table->rest_ = this;
  for (auto at = line.rbegin(); at != line.rend(); ++at) {
    Process from = **at;
    const event::ProcessId parent = std::exchange(from.parent, {});
    copy.bytes += Index::kRowBytes;
    if (Process* added = table->insert(std::move(from), 0))
      table->index_->set_parent(*table->index_->find(added->id), parent);
  }
  copy.table = std::move(table);
  return copy;
}

std::uint64_t ProcessTable::lineage_version(const Process& process) const {
  std::size_t version = absl::HashOf(process.cwd());
  std::size_t levels = 0;
  for (const Process* at = &process; at != nullptr && levels < kLineageMax; at = parent_of(*at), ++levels)
    version = absl::HashOf(version, at->id.tgid, at->id.start_ns, at->exec_time_ns);
  return version;
}

void ProcessTable::purge(std::uint64_t now_ns) {
  std::deque<std::pair<std::uint64_t, Key>> held;
  while (!index_->dead.empty() && index_->dead.front().first + limits_.dead_kept_ns <= now_ns) {
    const auto [died_ns, key] = index_->dead.front();
    index_->dead.pop_front();
    const Index::Row* row = index_->find(key);
    if (row == nullptr || row->process.alive) continue;
    // Living children still find their ancestors through it. They let go one by one, as they are asked for or
    // end.
    if (row->children > 0) {
      held.emplace_back(now_ns, key);
      continue;
    }
    index_->erase(key);
    ++stats_.removed;
  }
  for (const auto& entry : held) index_->dead.push_back(entry);
}

std::size_t ProcessTable::size() const { return index_->rows.size(); }

std::size_t ProcessTable::bytes() const {
  return size() * Index::kRowBytes + index_->programs.bytes() + index_->directories.bytes();
}

ProcessTable::Stats ProcessTable::stats() const {
  Stats stats = stats_;
  stats.shortened += index_->programs.shortened();
  return stats;
}

}  // namespace saker::state
