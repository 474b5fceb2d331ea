// proc.* and thread.*: who did it, and who started them. Numbers come from the event's own task, so they
// are right even when the process table had no room for the process.
#include <charconv>

#include "fields/arena_text.h"
#include "fields/arguments.h"
#include "fields/field_rows.h"
#include "fields/flags.h"
#include "fields/lineage.h"

namespace saker::fields {
namespace {

using state::Process;

// --- texts of a process, of its parent, and of its ancestors

using ProcessReader = Value (*)(const Process&, Arena&);

Value comm_of(const Process& p, Arena&) { return Value::text(p.comm().empty() ? kNotAvailable : p.comm()); }
Value exe_of(const Process& p, Arena&) { return Value::text(first_argument(p.args())); }
Value exepath_of(const Process& p, Arena&) { return Value::text(p.exepath()); }
Value cmdline_of(const Process& p, Arena& arena) {
  return Value::text(command_line(p.comm(), p.args(), arena));
}
Value args_of(const Process& p, Arena& arena) { return Value::text(joined_arguments(p.args(), arena)); }
Value pid_of(const Process& p, Arena&) { return Value::integer(p.id.tgid); }

// An unknown process has a name, so that rules with `not proc.name in (...)` hold for it as Falco has it.
template <ProcessReader kRead>
Value own(const Subject& s, Arena& arena) {
  return s.process == nullptr ? Value::text("") : kRead(*s.process, arena);
}
template <ProcessReader kRead>
Value own_or_na(const Subject& s, Arena& arena) {
  return s.process == nullptr ? Value::text(kNotAvailable) : kRead(*s.process, arena);
}

template <ProcessReader kRead>
Value of_parent(const Subject& s, Arena& arena) {
  const Process* parent = parent_of(s);
  return parent == nullptr ? Value() : kRead(*parent, arena);
}

// Without a level all ancestors, missing when there is none.
template <ProcessReader kRead>
Value of_ancestors(const Subject& s, const Argument& argument, Arena& arena) {
  if (argument.kind == Argument::Kind::kIndex) {
    const Process* process = ancestor(s, argument.index);
    return process == nullptr ? Value() : kRead(*process, arena);
  }
  std::size_t count = 0;
  each_ancestor(s, [&](const Process&) { return ++count > 0; });
  if (count == 0) return {};
  const std::span<Value> values = arena.array<Value>(count);
  std::size_t at = 0;
  each_ancestor(s, [&](const Process& process) {
    values[at++] = kRead(process, arena);
    return true;
  });
  return Value::list(values);
}

// One text also without a level.
Value aargs(const Subject& s, const Argument& argument, Arena& arena) {
  const Value value = of_ancestors<args_of>(s, argument, arena);
  if (value.kind() != Kind::kList) return value;
  std::string all;
  for (const Value& each : value.list()) {
    if (&each != value.list().data()) all += ' ';
    all += each.text();
  }
  return Value::text(arena.copy(all));
}

// Beyond the last argument there is empty text.
Value args(const Subject& s, const Argument& argument, Arena& arena) {
  if (argument.kind == Argument::Kind::kNone) return own<args_of>(s, arena);
  if (s.process == nullptr) return Value::text("");
  const auto found = later_argument(s.process->args(), static_cast<std::size_t>(argument.index));
  return Value::text(found ? *found : std::string_view());
}
Value cmdnargs(const Subject& s) {
  return Value::unsigned_integer(s.process == nullptr ? 0 : count_later_arguments(s.process->args()).count);
}
Value cmdlenargs(const Subject& s) {
  return Value::unsigned_integer(s.process == nullptr ? 0 : count_later_arguments(s.process->args()).bytes);
}
Value exeline(const Subject& s, Arena& arena) {
  if (s.process == nullptr) return Value::text("<NA> ");
  const std::string_view exe = first_argument(s.process->args());
  return Value::text(concat(arena, {exe, " ", joined_arguments(s.process->args(), arena)}));
}

// An open or exec tells of the directory at that moment; otherwise the last one known.
Value cwd(const Subject& s, Arena& arena) {
  std::string_view path = s.process == nullptr ? std::string_view() : s.process->cwd();
  const event::File* file = file_of(s);
  const event::Exec* exec = std::get_if<event::Exec>(&s.event->body);
  if (file != nullptr && !file->cwd.bytes.empty()) path = file->cwd.bytes;
  if (exec != nullptr && !exec->cwd.bytes.empty()) path = exec->cwd.bytes;
  return Value::text(with_slash(path, arena));
}

// The eldest of the line that is a shell, by its name's end.
Value loginshellid(const Subject& s) {
  const auto is_shell = [](const Process& process) { return process.comm().ends_with("sh"); };
  const Process* shell = s.process != nullptr && is_shell(*s.process) ? s.process : nullptr;
  each_ancestor(s, [&](const Process& process) {
    if (is_shell(process)) shell = &process;
    return true;
  });
  return shell == nullptr ? Value() : Value::integer(shell->id.tgid);
}

// The ids that the task itself sees are compared; the leader is looked for by the host's.
template <Team kTeam, ProcessReader kRead>
Value of_leader(const Subject& s, Arena& arena) {
  const Process* process = leader(s, kTeam);
  return process == nullptr ? Value::text("") : kRead(*process, arena);
}

// --- numbers of the task

template <auto kMember>
Value task_integer(const Subject& s) {
  return Value::integer(static_cast<std::int64_t>(s.event->task.*kMember));
}
template <std::uint32_t event::Task::* kA, std::uint32_t event::Task::* kB>
Value same(const Subject& s) {
  return Value::boolean(s.event->task.*kA == s.event->task.*kB);
}
Value pid(const Subject& s) { return Value::integer(s.event->task.process.tgid); }
Value ppid(const Subject& s) { return Value::integer(s.event->task.parent.tgid); }
Value vpid(const Subject& s) {
  return s.event->task.vpid == 0 ? Value() : Value::integer(s.event->task.vpid);
}
Value tty(const Subject& s) { return Value::unsigned_integer(s.event->task.tty); }
Value is_pgid_leader(const Subject& s) {
  return Value::boolean(s.event->task.group == s.event->task.process.tgid);
}
Value ismain(const Subject& s) { return Value::boolean(s.event->task.tid == s.event->task.process.tgid); }
template <std::uint64_t event::Task::* kMember>
Value capabilities(const Subject& s, Arena& arena) {
  return Value::text(capability_names(s.event->task.*kMember, arena));
}
Value nametid(const Subject& s, Arena& arena) {
  char digits[16];
  const char* end = std::to_chars(digits, digits + sizeof(digits), s.event->task.tid).ptr;
  const std::string_view tid(digits, static_cast<std::size_t>(end - digits));
  return Value::text(concat(arena, {own_or_na<comm_of>(s, arena).text(), tid}));
}

// --- times; a start of 0 is not known

template <event::ProcessId event::Task::* kWho>
Value duration(const Subject& s) {
  const std::uint64_t start = (s.event->task.*kWho).start_ns;
  return start == 0 || start > s.event->time_ns ? Value() : Value::unsigned_integer(s.event->time_ns - start);
}
template <event::ProcessId event::Task::* kWho>
Value start_time(const Subject& s) {
  return since_epoch(s, (s.event->task.*kWho).start_ns);
}

// --- the program file

const event::ExeFile* exe_file(const Subject& s) {
  return s.process == nullptr ? nullptr : s.process->program->exe_file();
}
template <bool event::ExeFile::* kMember>
Value exe_is(const Subject& s) {
  const event::ExeFile* file = exe_file(s);
  return file == nullptr ? Value() : Value::boolean(file->*kMember);
}
Value exe_ino(const Subject& s) {
  const event::ExeFile* file = exe_file(s);
  return file == nullptr || file->ino == 0 ? Value() : Value::integer(static_cast<std::int64_t>(file->ino));
}
template <std::uint64_t event::ExeFile::* kMember>
Value exe_time(const Subject& s) {
  const event::ExeFile* file = exe_file(s);
  return file == nullptr || file->*kMember == 0 ? Value() : Value::unsigned_integer(file->*kMember);
}
// Wraps around when the file changed after the start, as Falco's does.
Value ctime_to_start(const Subject& s) {
  const Value start = start_time<&event::Task::process>(s);
  const Value ctime = exe_time<&event::ExeFile::ctime_ns>(s);
  if (start.missing() || ctime.missing()) return {};
  return Value::unsigned_integer(start.unsigned_integer() - ctime.unsigned_integer());
}
Value init_start(const Subject& s) { return since_epoch(s, s.event->task.init_start_ns); }
// Only when the file changed after the container began.
Value ctime_after_init(const Subject& s) {
  const Value start = init_start(s);
  const event::ExeFile* file = exe_file(s);
  if (start.missing() || file == nullptr || file->ctime_ns <= start.unsigned_integer()) return {};
  return Value::unsigned_integer(file->ctime_ns - start.unsigned_integer());
}

using enum Type;
using T = event::Task;
using X = event::ExeFile;
constexpr auto kLevel = ArgumentKind::kOptionalIndex;
constexpr std::uint8_t kAlone = kNoTransformer | kNoRhs;

constexpr Field kRows[] = {
    {.name = "proc.exe",
     .help = "First word of the command line, which the caller may choose freely.",
     .read = reader<own_or_na<exe_of>>},
    {.name = "proc.pexe", .help = "proc.exe of the parent.", .read = reader<of_parent<exe_of>>},
    {.name = "proc.aexe",
     .argument = kLevel,
     .flags = kAlone,
     .any_when_bare = true,
     .help = "proc.exe of an ancestor: [1] is the parent; without a level, any.",
     .read = reader<of_ancestors<exe_of>>},
    {.name = "proc.exepath",
     .help = "Path of the program file, as the kernel found it.",
     .read = reader<own<exepath_of>>},
    {.name = "proc.pexepath", .help = "proc.exepath of the parent.", .read = reader<of_parent<exepath_of>>},
    {.name = "proc.aexepath",
     .argument = kLevel,
     .flags = kAlone,
     .any_when_bare = true,
     .help = "proc.exepath of an ancestor, or of any.",
     .read = reader<of_ancestors<exepath_of>>},
    {.name = "proc.name",
     .help = "Name of the process, at most 15 bytes.",
     .read = reader<own_or_na<comm_of>>},
    {.name = "proc.pname", .help = "proc.name of the parent.", .read = reader<of_parent<comm_of>>},
    {.name = "proc.aname",
     .argument = kLevel,
     .flags = kAlone,
     .any_when_bare = true,
     .help = "proc.name of an ancestor, or of any.",
     .read = reader<of_ancestors<comm_of>>},
    {.name = "proc.args",
     .argument = kLevel,
     .help = "The arguments with blanks between them; [0] is the first.",
     .read = reader<args>},
    {.name = "proc.aargs",
     .argument = kLevel,
     .help = "proc.args of an ancestor, or of all side by side.",
     .read = reader<aargs>},
    {.name = "proc.cmdline", .help = "Name and arguments.", .read = reader<own_or_na<cmdline_of>>},
    {.name = "proc.pcmdline", .help = "proc.cmdline of the parent.", .read = reader<of_parent<cmdline_of>>},
    {.name = "proc.acmdline",
     .argument = kLevel,
     .flags = kAlone,
     .any_when_bare = true,
     .help = "proc.cmdline of an ancestor, or of any.",
     .read = reader<of_ancestors<cmdline_of>>},
    {.name = "proc.cmdnargs",
     .type = kUint64,
     .help = "How many arguments there are.",
     .read = reader<cmdnargs>},
    {.name = "proc.cmdlenargs",
     .type = kUint64,
     .help = "How many bytes the arguments have together.",
     .read = reader<cmdlenargs>},
    {.name = "proc.exeline", .help = "proc.exe and the arguments.", .read = reader<exeline>},
    {.name = "proc.cwd", .help = "Working directory, with a slash at its end.", .read = reader<cwd>},
    {.name = "proc.loginshellid",
     .type = kInt64,
     .help = "Process id of the eldest shell in the line.",
     .read = reader<loginshellid>},
    {.name = "proc.tty",
     .type = kUint32,
     .help = "Number of the terminal; 0 without one.",
     .read = reader<tty>},
    {.name = "proc.pid", .type = kInt64, .help = "Process id on the host.", .read = reader<pid>},
    {.name = "proc.ppid", .type = kInt64, .help = "Process id of the parent.", .read = reader<ppid>},
    {.name = "proc.apid",
     .type = kInt64,
     .argument = kLevel,
     .flags = kAlone,
     .any_when_bare = true,
     .help = "Process id of an ancestor, or of any.",
     .read = reader<of_ancestors<pid_of>>},
    {.name = "proc.vpid",
     .type = kInt64,
     .help = "Process id as its container sees it.",
     .read = reader<vpid>},
    {.name = "proc.pvpid",
     .type = kInt64,
     .help = "proc.vpid of the parent.",
     .read = reader<task_integer<&T::parent_vpid>>},
    {.name = "proc.sid", .type = kInt64, .help = "Session id.", .read = reader<task_integer<&T::vsession>>},
    {.name = "proc.sname",
     .help = "Name of the session's leader.",
     .read = reader<of_leader<Team::kSession, comm_of>>},
    {.name = "proc.sid.exe",
     .help = "proc.exe of the session's leader.",
     .read = reader<of_leader<Team::kSession, exe_of>>},
    {.name = "proc.sid.exepath",
     .help = "Program file of the session's leader.",
     .read = reader<of_leader<Team::kSession, exepath_of>>},
    {.name = "proc.vpgid",
     .type = kInt64,
     .help = "Process group id as the container sees it.",
     .read = reader<task_integer<&T::vgroup>>},
    {.name = "proc.vpgid.name",
     .help = "Name of the group's leader.",
     .read = reader<of_leader<Team::kGroup, comm_of>>},
    {.name = "proc.vpgid.exe",
     .help = "proc.exe of the group's leader.",
     .read = reader<of_leader<Team::kGroup, exe_of>>},
    {.name = "proc.vpgid.exepath",
     .help = "Program file of the group's leader.",
     .read = reader<of_leader<Team::kGroup, exepath_of>>},
    {.name = "proc.pgid",
     .type = kInt64,
     .help = "Process group id on the host.",
     .read = reader<task_integer<&T::group>>},
    {.name = "proc.pgid.name",
     .help = "Name of the group's leader.",
     .read = reader<of_leader<Team::kGroup, comm_of>>},
    {.name = "proc.pgid.exe",
     .help = "proc.exe of the group's leader.",
     .read = reader<of_leader<Team::kGroup, exe_of>>},
    {.name = "proc.pgid.exepath",
     .help = "Program file of the group's leader.",
     .read = reader<of_leader<Team::kGroup, exepath_of>>},
    {.name = "proc.duration",
     .type = kRelTime,
     .help = "Nanoseconds since the process started.",
     .read = reader<duration<&T::process>>},
    {.name = "proc.ppid.duration",
     .type = kRelTime,
     .help = "Nanoseconds since the parent started.",
     .read = reader<duration<&T::parent>>},
    {.name = "proc.pid.ts",
     .type = kRelTime,
     .help = "When the process started, since the epoch.",
     .read = reader<start_time<&T::process>>},
    {.name = "proc.ppid.ts",
     .type = kRelTime,
     .help = "When the parent started, since the epoch.",
     .read = reader<start_time<&T::parent>>},
    {.name = "proc.is_exe_writable",
     .type = kBool,
     .help = "True when the program's user could change its file.",
     .read = reader<exe_is<&X::writable>>},
    {.name = "proc.is_exe_upper_layer",
     .type = kBool,
     .help = "True when the container itself brought the file.",
     .read = reader<exe_is<&X::upper_layer>>},
    {.name = "proc.is_exe_lower_layer",
     .type = kBool,
     .help = "True when the file is as in the image.",
     .read = reader<exe_is<&X::lower_layer>>},
    {.name = "proc.is_exe_from_memfd",
     .type = kBool,
     .help = "True when the program is on no disk, only in memory.",
     .read = reader<exe_is<&X::from_memfd>>},
    {.name = "proc.is_sid_leader",
     .type = kBool,
     .help = "True for the leader of the session.",
     .read = reader<same<&T::vsession, &T::vpid>>},
    {.name = "proc.is_vpgid_leader",
     .type = kBool,
     .help = "True for the leader of the group, by container ids.",
     .read = reader<same<&T::vgroup, &T::vpid>>},
    {.name = "proc.is_pgid_leader",
     .type = kBool,
     .help = "True for the leader of the group, by host ids.",
     .read = reader<is_pgid_leader>},
    {.name = "proc.exe_ino",
     .type = kInt64,
     .help = "Inode number of the program file.",
     .read = reader<exe_ino>},
    {.name = "proc.exe_ino.ctime",
     .type = kAbsTime,
     .help = "When that inode last changed.",
     .read = reader<exe_time<&X::ctime_ns>>},
    {.name = "proc.exe_ino.mtime",
     .type = kAbsTime,
     .help = "When the program file's content last changed.",
     .read = reader<exe_time<&X::mtime_ns>>},
    {.name = "proc.exe_ino.ctime_duration_proc_start",
     .type = kAbsTime,
     .help = "Nanoseconds from the inode's change to the process's start.",
     .read = reader<ctime_to_start>},
    {.name = "proc.exe_ino.ctime_duration_pidns_start",
     .type = kAbsTime,
     .help = "Nanoseconds from the container's start to the inode's change, when that came later.",
     .read = reader<ctime_after_init>},
    {.name = "proc.pidns_init_start_ts",
     .type = kUint64,
     .help = "When the first process of its pid namespace (of the container) started, since the epoch.",
     .read = reader<init_start>},
    {.name = "thread.cap_permitted",
     .help = "Capabilities that may be switched on.",
     .read = reader<capabilities<&T::cap_permitted>>},
    {.name = "thread.cap_inheritable",
     .help = "Capabilities that an exec may keep.",
     .read = reader<capabilities<&T::cap_inheritable>>},
    {.name = "thread.cap_effective",
     .help = "Capabilities in force.",
     .read = reader<capabilities<&T::cap_effective>>},
    {.name = "thread.tid",
     .type = kInt64,
     .help = "Thread id on the host.",
     .read = reader<task_integer<&T::tid>>},
    {.name = "thread.ismain",
     .type = kBool,
     .help = "True for the first thread of its process.",
     .read = reader<ismain>},
    {.name = "thread.vtid",
     .type = kInt64,
     .help = "Thread id as its container sees it.",
     .read = reader<task_integer<&T::vtid>>},
    {.name = "thread.nametid",
     .flags = kHidden,
     .help = "proc.name and thread.tid as one text.",
     .read = reader<nametid>},
};

}  // namespace

std::span<const Field> proc_fields() { return kRows; }

}  // namespace saker::fields
