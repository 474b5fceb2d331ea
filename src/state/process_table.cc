#include "state/process_table.h"

#include <absl/container/flat_hash_map.h>
#include <absl/hash/hash.h>

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

struct ProcessTable::Index {
  struct Row {
    Process process;
    event::ProcessId reaper;     // who has the children, once dead; tgid 0 = nobody was told
    std::uint32_t children = 0;  // rows that hold this one as their parent
    bool holds_parent = false;   // counted among the parent's children
  };
  using RowPtr = std::unique_ptr<Row>;

  absl::flat_hash_map<Key, RowPtr> rows;
  absl::flat_hash_map<std::uint32_t, Key> by_pid;  // the one that has the pid, or had it last
  std::deque<std::pair<std::uint64_t, Key>> dead;  // in the order of death: (when, who)

  Row* find(event::ProcessId id) {
    if (id.tgid == 0) return nullptr;
    const auto found = rows.find(key_of(id));
    if (found == rows.end()) return nullptr;
    Row* row = found->second.get();
    // Two exact times in one tick are two processes.
    if (row->process.exact_start && id.start_ns % kTickNs != 0 && row->process.id.start_ns != id.start_ns)
      return nullptr;
    return row;
  }

  void let_parent_go(Row& row) {
    if (!std::exchange(row.holds_parent, false)) return;
    // By its tick: the exact time in the link may be another's than the one the row was completed with.
    const auto parent = rows.find(key_of(row.process.parent));
    if (parent != rows.end() && parent->second->children > 0) --parent->second->children;
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
  void take_pid(Row& row, const Key& key, std::uint64_t now_ns) {
    const auto [holder, fresh] = by_pid.try_emplace(key.tgid, key);
    if (fresh || holder->second == key) return;
    const auto other = rows.find(holder->second);
    if (other != rows.end() && holder->second.tick > key.tick) return die(row, now_ns);
    if (other != rows.end() && other->second->process.alive) die(*other->second, now_ns);
    holder->second = key;
  }

  void erase(const Key& key) {
    const auto found = rows.find(key);
    if (found == rows.end()) return;
    let_parent_go(*found->second);
    if (const auto pid = by_pid.find(key.tgid); pid != by_pid.end() && pid->second == key) by_pid.erase(pid);
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

void ProcessTable::add_scanned(Process process) {
  if (index_->find(process.id)) return;
  const event::ProcessId parent = std::exchange(process.parent, {});
  if (Process* added = insert(std::move(process), 0)) index_->set_parent(*index_->find(added->id), parent);
}

Process* ProcessTable::insert(Process process, std::uint64_t now_ns) {
  const Key key = key_of(process.id);
  if (index_->rows.size() >= limits_.processes_max && !make_room(now_ns)) {
    ++stats_.refused;
    return nullptr;
  }
  auto row = std::make_unique<Index::Row>();
  row->process = std::move(process);
  Process* added = &row->process;
  index_->erase(key);  // an earlier life within the same tick
  index_->take_pid(*(index_->rows[key] = std::move(row)), key, now_ns);
  ++stats_.added;
  return added;
}

bool ProcessTable::make_room(std::uint64_t now_ns) {
  purge(now_ns);
  if (index_->rows.size() < limits_.processes_max) return true;
  while (!index_->dead.empty()) {
    const Key oldest = index_->dead.front().second;
    index_->dead.pop_front();
    const auto found = index_->rows.find(oldest);
    if (found == index_->rows.end() || found->second->process.alive)
      continue;  // of an earlier life in that tick
    index_->erase(oldest);
    ++stats_.evicted;
    return true;
  }
  return false;
}

Process* ProcessTable::update(const event::Event& event) {
  Index::Row* row = index_->find(event.task.process);
  if (!row) {
    Process process;
    process.id = event.task.process;
    process.exact_start = true;
    process.comm = std::string(event.task.comm);
    if (!insert(std::move(process), event.time_ns)) return nullptr;
    row = index_->find(event.task.process);
    if (!row) return nullptr;
    if (!std::holds_alternative<event::Fork>(event.body)) ++stats_.unknown;
  }
  Process& process = row->process;
  if (!process.exact_start) {  // the first record of a scanned process completes its key
    process.id = event.task.process;
    process.exact_start = true;
  }
  process.task = event.task;
  process.task.comm = {};  // a view into the record
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
    if (file->cwd.present && file->cwd.bytes != process->cwd) process->cwd = file->cwd.bytes;
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
  child.exepath = parent.exepath;
  child.args = parent.args;
  child.args_truncated = parent.args_truncated;
  child.args_bytes = parent.args_bytes;
  child.cwd = parent.cwd;
  child.environment = parent.environment;
  child.exe_file_known = parent.exe_file_known;
  child.exe_file = parent.exe_file;
  child.exec_time_ns = parent.exec_time_ns;
}

void ProcessTable::take(Process& process, const event::Exec& exec, const event::Event& event) {
  process.comm = event.task.comm;
  process.exepath = exec.exe.bytes;
  process.args = exec.args.bytes;
  process.args_truncated = exec.args.truncated;
  process.args_bytes = exec.args_bytes;
  if (exec.cwd.present) process.cwd = exec.cwd.bytes;
  process.environment = exec.env.present ? std::make_shared<const std::string>(exec.env.bytes) : nullptr;
  process.exe_file_known = true;
  process.exe_file = exec.file;
  process.exec_time_ns = event.time_ns;
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
  const auto key = index_->by_pid.find(tgid);
  if (key == index_->by_pid.end()) return rest_ ? rest_->find_pid(tgid) : nullptr;
  const auto row = index_->rows.find(key->second);
  return row == index_->rows.end() ? nullptr : &row->second->process;
}

const Process* ProcessTable::parent_of(const Process& child) const {
  Index::Row* row = index_->find(child.id);
  if (!row && rest_) return rest_->parent_of(child);
  Index::Row* parent = row ? index_->living_parent(*row) : index_->find(child.parent);
  return parent ? &parent->process : nullptr;
}

std::vector<event::ProcessId> ProcessTable::living() const {
  std::vector<event::ProcessId> ids;
  for (const auto& [key, row] : index_->rows) {
    if (row->process.alive) ids.push_back(row->process.id);
  }
  return ids;
}

void ProcessTable::set_environment(event::ProcessId id, std::string environment) {
  if (Index::Row* row = index_->find(id))
    row->process.environment = std::make_shared<const std::string>(std::move(environment));
}

ProcessTable::Lineage ProcessTable::lineage(const Process& process) const {
  std::vector<const Process*> line;
  for (const Process* at = &process; at != nullptr && line.size() < kLineageMax; at = parent_of(*at))
    line.push_back(at);
  Lineage copy;
  auto table = std::make_shared<ProcessTable>(limits_);
  table->rest_ = this;
  for (auto at = line.rbegin(); at != line.rend(); ++at) {
    const Process& from = **at;
    copy.bytes +=
        2 * sizeof(Process) + from.comm.size() + from.exepath.size() + from.args.size() + from.cwd.size();
    table->add_scanned(from);
  }
  copy.table = std::move(table);
  return copy;
}

std::uint64_t ProcessTable::lineage_version(const Process& process) const {
  std::size_t version = absl::HashOf(process.cwd);
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
    const auto found = index_->rows.find(key);
    if (found == index_->rows.end() || found->second->process.alive) continue;
    // Living children still find their ancestors through it. They let go one by one, as they are asked for or
    // end.
    if (found->second->children > 0) {
      held.emplace_back(now_ns, key);
      continue;
    }
    index_->erase(key);
    ++stats_.removed;
  }
  for (const auto& entry : held) index_->dead.push_back(entry);
}

std::size_t ProcessTable::size() const { return index_->rows.size(); }

}  // namespace saker::state
