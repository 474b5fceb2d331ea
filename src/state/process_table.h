// ProcessTable: who did it, and who started them.
//
// Fed every fork, exec and exit in event order; asked by fields for the process behind an event and for
// its ancestors. Processes older than the agent arrive as rows of one /proc scan. The table reads no
// files and no clock, so a replayed recording builds the table that the live run had.
//
// Keyed by (tgid, start time). The scan knows start times to 1/100 s only; the first record of such a
// process completes its key. A dead process stays for a while because records of other CPUs may still name
// it, and as long as a living child has not been handed to its reaper.
//
// Bounded in processes and in bytes. Where it is too much, programs' details are forgotten first (program.h),
// the oldest ones', then the processes dead longest; when all are alive the newcomer is refused and counted,
// and its events are judged with an unknown process rather than with a wrong one.
//
// Not thread-safe. The pipeline thread owns it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "state/directory.h"
#include "state/program.h"

namespace saker::state {

// As much of the name as the kernel has: TASK_COMM_LEN without its NUL.
class Comm {
 public:
  static constexpr std::size_t kBytesMax = 15;

  Comm() = default;
  explicit Comm(std::string_view text);
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, kBytesMax> bytes_{};
  std::uint8_t size_ = 0;
};

// What user space remembers of a process because the kernel forgets it or it costs to ask again. There may be
// hundreds of thousands: what many have alike is kept once. Texts are empty when unknown, and hold until the
// table takes the next event.
struct Process {
  event::ProcessId id;
  event::ProcessId parent;               // follows the reaper once the parent is gone
  ProgramRef program;                    // never null in a table
  DirectoryRef directory;                // null: unknown
  std::uint64_t exec_time_ns = 0;        // boot time of the last exec; 0 when before the agent
  std::uint32_t session = 0, group = 0;  // as of the last record
  std::uint32_t pid_ns = 0;
  Comm name;
  bool exact_start = false;  // false: id.start_ns came from /proc, 10 ms steps
  bool alive = true;

  std::string_view comm() const { return name.text(); }  // as of the last exec (or of the fork): proc.name
  std::string_view exepath() const { return program->exepath(); }
  std::string_view args() const { return program->args(); }  // argv, each ended by NUL; first is proc.exe
  std::string_view cwd() const { return directory ? directory->path() : std::string_view(); }
  // As of the last exec; nothing when never told.
  std::optional<std::string_view> environment() const { return program->environment(); }
};

// A process as /proc tells it.
struct ScannedProcess {
  event::ProcessId id;
  event::ProcessId parent;
  std::uint32_t session = 0, group = 0, pid_ns = 0;
  std::string comm, exepath, args, cwd;
  bool args_truncated = false;
  std::uint32_t args_bytes = 0;  // whole length of argv
  bool exe_file_known = false;
  event::ExeFile exe_file;
};

class ProcessTable {
 public:
  struct Limits {
    std::size_t processes_max = 262'144;
    std::size_t bytes_max = SIZE_MAX;            // that all of it takes, about
    std::uint64_t dead_kept_ns = 2'000'000'000;  // after the exit record
  };
  struct Stats {
    std::uint64_t added = 0;
    std::uint64_t removed = 0;
    std::uint64_t evicted = 0;    // dead ones that made room before their time
    std::uint64_t refused = 0;    // newcomers that found no room
    std::uint64_t found = 0;      // events of a process that was there
    std::uint64_t unknown = 0;    // events of a process never seen (a lost record, or one missed by the scan)
    std::uint64_t shortened = 0;  // programs and directories that texts were forgotten of, for want of room
  };

  explicit ProcessTable(Limits limits);
  ~ProcessTable();

  // A row of the /proc scan, parents before their children. Ignored when a record has told of the process
  // already.
  void add_scanned(const ScannedProcess& scanned);

  // The process of the event, brought up to date from event.task (a process never seen is added with what
  // the event knows). Forks, execs and exits change the table; `now` is the event's time. Never null for a
  // process event unless the table refused it.
  const Process* on(const event::Event& event);

  // Null when never seen or already forgotten. Holds until the next on() or add_scanned().
  const Process* find(event::ProcessId id) const;
  const Process* find_pid(std::uint32_t tgid) const;  // the living (or last dead) one with this pid
  const Process* parent_of(const Process& child) const;

  // The living, and a way to tell their environments: for what began before rules asked for them.
  std::vector<event::ProcessId> living() const;
  void set_environment(event::ProcessId id, std::string_view environment);

  // The process and its ancestors as they are now, for an event that is judged later. Who is not among them
  // is looked for in this table, which must outlive the copy.
  struct Lineage {
    std::shared_ptr<const ProcessTable> table;
    std::size_t bytes = 0;  // that it takes, about
  };
  Lineage lineage(const Process& process) const;
  // Changes when a copy made now would tell of other programs.
  std::uint64_t lineage_version(const Process& process) const;

  // Forgets the dead whose time is over. Called by the pipeline about once a second.
  void purge(std::uint64_t now_ns);

  std::size_t size() const;
  std::size_t bytes() const;  // that all of it takes, about
  Stats stats() const;

 private:
  struct Index;

  Process* insert(Process process, std::uint64_t now_ns);
  bool make_room(std::uint64_t now_ns);
  bool evict_one();
  void forget_details(std::size_t more = 0);
  void set_directory(Process& process, std::string_view path);
  Process* update(const event::Event& event);
  void inherit(Process& child, event::ProcessId creator, std::uint64_t now_ns);
  void take(Process& process, const event::Exec& exec, const event::Event& event);
  void bury(Process& process, const event::Exit& exit, std::uint64_t now_ns);

  std::unique_ptr<Index> index_;
  Limits limits_;
  Stats stats_;
  const ProcessTable* rest_ = nullptr;  // of a copy: the table that it was made from
};

}  // namespace saker::state
