#include "fields/parameters.h"

#include <fmt/format.h>

#include <iterator>
#include <string>

#include "event/open_flags.h"
#include "fields/arena_text.h"
#include "fields/arguments.h"
#include "fields/evt_text.h"
#include "fields/field_rows.h"
#include "fields/flags.h"
#include "fields/lineage.h"
#include "fields/names.h"

namespace saker::fields {
namespace {

constexpr std::int64_t kWorkingDirectory = -100;

Value text_or_missing(const event::Text& text) { return text.present ? Value::text(text.bytes) : Value(); }

// --- of the open family

template <auto kMember>
Value file_number(const Subject& s, Arena&) {
  const event::File* file = file_of(s);
  return file == nullptr ? Value() : Value::integer(static_cast<std::int64_t>(file->*kMember));
}

Value open_name(const Subject& s, Arena&) {
  const event::File* file = file_of(s);
  return file == nullptr ? Value() : text_or_missing(file->name);
}

Value handle_path(const Subject& s, Arena& arena) {
  const event::File* file = file_of(s);
  return file == nullptr ? Value() : Value::text(file_name(*file, 0, arena));
}

// The permission bits mean something only to a call that may create.
Value open_mode(const Subject& s, Arena&) {
  const event::File* file = file_of(s);
  if (file == nullptr) return {};
  const bool creates =
      (file->flags & (event::kOpenCreat | event::kOpenTmpfile)) != 0 || s.event->type == event::kCreat;
  return Value::integer(creates ? file->mode : 0);
}

Value creat_flags(const Subject& s, Arena&) {
  const event::File* file = file_of(s);
  if (file == nullptr) return {};
  const int upper = (file->flags & event::kOpenUpperLayer) != 0 ? 1 : 0;
  const int lower = (file->flags & event::kOpenLowerLayer) != 0 ? 2 : 0;
  return Value::integer(upper | lower);
}

std::string_view resolve_errno(const Subject&, const Value& raw, Arena&) {
  return errno_name(-raw.integer());
}

std::string_view resolve_opened(const Subject& s, const Value& raw, Arena& arena) {
  const event::File* file = file_of(s);
  if (raw.integer() < 0 || file == nullptr) return errno_name(-raw.integer());
  return concat(arena, {is_directory(*file) ? "<d>" : "<f>", file_name(*file, 0, arena)});
}

std::string_view resolve_directory(const Subject& s, const Value& raw, Arena& arena) {
  if (raw.integer() == kWorkingDirectory) return "AT_FDCWD";
  if (raw.integer() < 0) return errno_name(-raw.integer());
  const event::File* file = file_of(s);
  return file == nullptr || !file->base.present ? std::string_view()
                                                : concat(arena, {"<d>", file->base.bytes});
}

// Absolute paths stand for themselves and are printed uncleaned.
std::string_view resolve_name(const Subject& s, const Value& raw, Arena& arena) {
  const event::File* file = file_of(s);
  return file == nullptr || raw.text().starts_with('/') ? std::string_view() : file_name(*file, 0, arena);
}

template <auto kNames>
std::string_view resolve_flags(const Subject&, const Value& raw, Arena& arena) {
  return flag_text(static_cast<std::uint32_t>(raw.integer()), kNames(), arena);
}

// --- of execve: the exec that happened, or the call that failed

const event::Exec* exec_of(const Subject& s) { return std::get_if<event::Exec>(&s.event->body); }

std::string_view argv_of(const Subject& s) {
  if (const event::Exec* exec = exec_of(s)) return exec->args.bytes;
  const event::File* file = file_of(s);
  return file == nullptr ? std::string_view() : file->args.bytes;
}

Value call_result(const Subject& s, Arena&) { return Value::integer(s.event->result()); }
Value exec_exe(const Subject& s, Arena&) { return Value::text(first_argument(argv_of(s))); }
Value exec_args(const Subject& s, Arena&) { return Value::text(later_arguments(argv_of(s))); }

Value exec_cwd(const Subject& s, Arena&) {
  if (const event::Exec* exec = exec_of(s)) return Value::text(exec->cwd.bytes);
  const event::File* file = file_of(s);
  return file == nullptr ? Value() : Value::text(file->cwd.bytes);
}

Value exec_filename(const Subject& s, Arena& arena) {
  const event::Exec* exec = exec_of(s);
  return exec == nullptr ? open_name(s, arena) : text_or_missing(exec->filename);
}

std::string_view resolve_exec_filename(const Subject& s, const Value& raw, Arena& arena) {
  const event::Exec* exec = exec_of(s);
  if (exec == nullptr) return resolve_name(s, raw, arena);
  if (raw.text().starts_with('/')) return {};
  return join_path(with_slash(exec->cwd.bytes, arena), raw.text(), arena);
}

Value exec_path(const Subject& s, Arena&) {
  const event::Exec* exec = exec_of(s);
  return exec == nullptr ? Value() : text_or_missing(exec->exe);
}

Value exec_flags(const Subject& s, Arena&) {
  const event::Exec* exec = exec_of(s);
  if (exec == nullptr) return {};
  const event::ExeFile& file = exec->file;
  return Value::integer((file.writable ? 1 : 0) | (file.upper_layer ? 2 : 0) | (file.from_memfd ? 4 : 0) |
                        (file.lower_layer ? 8 : 0));
}

template <auto kMember>
Value exe_file_number(const Subject& s, Arena&) {
  const event::Exec* exec = exec_of(s);
  return exec == nullptr ? Value() : Value::unsigned_integer(exec->file.*kMember);
}

template <auto kMember>
Value task_number(const Subject& s, Arena&) {
  return Value::integer(static_cast<std::int64_t>(s.event->task.*kMember));
}

Value task_pid(const Subject& s, Arena&) { return Value::integer(s.event->task.process.tgid); }
Value task_parent(const Subject& s, Arena&) { return Value::integer(s.event->task.parent.tgid); }
Value task_comm(const Subject& s, Arena&) { return Value::text(s.event->task.comm); }

// As a signed number: never logged in is -1.
Value task_loginuid(const Subject& s, Arena&) {
  return Value::integer(static_cast<std::int32_t>(s.event->task.loginuid));
}

std::string_view resolve_self(const Subject& s, const Value&, Arena&) {
  return s.process == nullptr ? std::string_view() : s.process->comm;
}

std::string_view resolve_parent(const Subject& s, const Value&, Arena&) {
  const state::Process* parent = parent_of(s);
  return parent == nullptr ? std::string_view() : parent->comm;
}

std::string_view resolve_pid(const Subject& s, const Value& raw, Arena&) {
  if (s.processes == nullptr || raw.integer() <= 0) return {};
  const state::Process* process = s.processes->find_pid(static_cast<std::uint32_t>(raw.integer()));
  return process == nullptr ? std::string_view() : process->comm;
}

std::string_view resolve_uid(const Subject& s, const Value& raw, Arena&) {
  return raw.integer() == -1 ? "<NONE>" : user_name(s, static_cast<std::uint32_t>(raw.integer()));
}

std::string_view resolve_gid(const Subject& s, const Value& raw, Arena&) {
  return raw.integer() == -1 ? "<NONE>" : group_name(s, static_cast<std::uint32_t>(raw.integer()));
}

// --- of procexit

const event::Exit* exit_of(const Subject& s) { return std::get_if<event::Exit>(&s.event->body); }

// A part of wait()'s status word.
template <unsigned kShift, unsigned kMask>
Value exit_bits(const Subject& s, Arena&) {
  const event::Exit* exit = exit_of(s);
  return exit == nullptr ? Value()
                         : Value::integer((static_cast<std::uint32_t>(exit->status) >> kShift) & kMask);
}

Value exit_reaper(const Subject& s, Arena&) {
  const event::Exit* exit = exit_of(s);
  return exit == nullptr ? Value() : Value::integer(exit->reaper.tgid);
}

std::string_view resolve_signal(const Subject&, const Value& raw, Arena& arena) {
  return signal_name(raw.integer(), arena);
}

// --- the tables

constexpr auto kOpenFlagNames = resolve_flags<open_flag_names>;
constexpr Parameter kFd = {"fd", file_number<&event::File::result>, resolve_opened};
constexpr Parameter kDirfd = {"dirfd", file_number<&event::File::dirfd>, resolve_directory};
constexpr Parameter kName = {"name", open_name, resolve_name};
constexpr Parameter kFlags = {"flags", file_number<&event::File::flags>, kOpenFlagNames, Format::kHex};
constexpr Parameter kMode = {"mode", open_mode, nullptr, Format::kOctal};
constexpr Parameter kDev = {"dev", file_number<&event::File::dev>, nullptr, Format::kHex};
constexpr Parameter kIno = {"ino", file_number<&event::File::ino>};

constexpr Parameter kOpenRow[] = {kFd, kName, kFlags, kMode, kDev, kIno};
constexpr Parameter kOpenatRow[] = {kFd, kDirfd, kName, kFlags, kMode, kDev, kIno};
constexpr Parameter kOpenat2Row[] = {
    kFd,   kDirfd,
    kName, kFlags,
    kMode, {"resolve", file_number<&event::File::resolve>, resolve_flags<resolve_flag_names>, Format::kHex},
    kDev,  kIno};
constexpr Parameter kCreatRow[] = {
    kFd,  kName, kMode,
    kDev, kIno,  {"creat_flags", creat_flags, resolve_flags<creat_flag_names>, Format::kHex}};
constexpr Parameter kHandleRow[] = {kFd,    {"mountfd", file_number<&event::File::dirfd>, resolve_directory},
                                    kFlags, {"path", handle_path},
                                    kDev,   kIno};

// execveat's row ends before `filename`.
constexpr Parameter kExecveRow[] = {
    {"res", call_result, resolve_errno},
    {"exe", exec_exe},
    {"args", exec_args, nullptr, Format::kDecimal, true},
    {"tid", task_number<&event::Task::tid>, resolve_self},
    {"pid", task_pid, resolve_self},
    {"ptid", task_parent, resolve_parent},
    {"cwd", exec_cwd},
    {"fdlimit"},
    {"pgft_maj"},
    {"pgft_min"},
    {"vm_size"},
    {"vm_rss"},
    {"vm_swap"},
    {"comm", task_comm},
    {"cgroups", nullptr, nullptr, Format::kDecimal, true},
    {"env", nullptr, nullptr, Format::kDecimal, true},
    {"tty", task_number<&event::Task::tty>},
    {"vpgid", task_number<&event::Task::vgroup>, resolve_pid},
    {"loginuid", task_loginuid, resolve_uid},
    {"flags", exec_flags, resolve_flags<exe_flag_names>, Format::kHex},
    {"cap_inheritable", task_number<&event::Task::cap_inheritable>, nullptr, Format::kHex},
    {"cap_permitted", task_number<&event::Task::cap_permitted>, nullptr, Format::kHex},
    {"cap_effective", task_number<&event::Task::cap_effective>, nullptr, Format::kHex},
    {"exe_ino", exe_file_number<&event::ExeFile::ino>},
    {"exe_ino_ctime", exe_file_number<&event::ExeFile::ctime_ns>, nullptr, Format::kTime},
    {"exe_ino_mtime", exe_file_number<&event::ExeFile::mtime_ns>, nullptr, Format::kTime},
    {"uid", task_number<&event::Task::euid>, resolve_uid},
    {"trusted_exepath", exec_path},
    {"pgid", task_number<&event::Task::group>, resolve_pid},
    {"gid", task_number<&event::Task::egid>, resolve_gid},
    {"filename", exec_filename, resolve_exec_filename},
};

constexpr Parameter kProcexitRow[] = {
    {"status", exit_bits<0, 0xffff>, resolve_errno}, {"ret", exit_bits<8, 0xff>, resolve_errno},
    {"sig", exit_bits<0, 0x7f>, resolve_signal},     {"core", exit_bits<7, 1>},
    {"reaper_tid", exit_reaper, resolve_pid},
};

struct TypeRow {
  event::TypeId type;
  std::span<const Parameter> parameters;
};
constexpr TypeRow kTypes[] = {
    {event::kOpen, kOpenRow},
    {event::kOpenat, kOpenatRow},
    {event::kOpenat2, kOpenat2Row},
    {event::kCreat, kCreatRow},
    {event::kOpenByHandleAt, kHandleRow},
    {event::kExecve, kExecveRow},
    {event::kExecveat, {kExecveRow, std::size(kExecveRow) - 1}},
    {event::kProcexit, kProcexitRow},
};

constexpr std::string_view kNames[] = {
    "action",
    "addr",
    "arg",
    "arg2",
    "arg2_int",
    "arg2_str",
    "arg3",
    "arg4",
    "arg5",
    "args",
    "argument",
    "aux",
    "backlog",
    "cap_effective",
    "cap_inheritable",
    "cap_permitted",
    "cgroups",
    "clockid",
    "cmd",
    "comm",
    "container_id",
    "core",
    "cpu",
    "cpu_sys",
    "cpu_usr",
    "cq_entries",
    "creat_flags",
    "cur",
    "cwd",
    "data",
    "desc",
    "description",
    "dev",
    "dir",
    "dirfd",
    "domain",
    "dpid",
    "dqb_bhardlimit",
    "dqb_bsoftlimit",
    "dqb_btime",
    "dqb_curspace",
    "dqb_ihardlimit",
    "dqb_isoftlimit",
    "dqb_itime",
    "dqi_bgrace",
    "dqi_flags",
    "dqi_igrace",
    "egid",
    "entries",
    "env",
    "error",
    "euid",
    "event_data",
    "event_type",
    "exe",
    "exe_ino",
    "exe_ino_ctime",
    "exe_ino_mtime",
    "fd",
    "fd1",
    "fd2",
    "fd_in",
    "fd_out",
    "fdin",
    "fdlimit",
    "fdout",
    "fds",
    "features",
    "filename",
    "first",
    "flags",
    "gid",
    "home",
    "how",
    "id",
    "img",
    "in_fd",
    "initval",
    "ino",
    "interval",
    "ip",
    "json",
    "key",
    "last",
    "len",
    "length",
    "level",
    "linkdirfd",
    "linkpath",
    "loginuid",
    "mask",
    "max",
    "maxevents",
    "min_complete",
    "mode",
    "mountfd",
    "msgcontrol",
    "name",
    "newcur",
    "newdir",
    "newdirfd",
    "newfd",
    "newmax",
    "newpath",
    "next",
    "nr_args",
    "nsems",
    "nsops",
    "nstype",
    "offin",
    "offout",
    "offset",
    "oldcur",
    "olddir",
    "olddirfd",
    "oldfd",
    "oldmax",
    "oldpath",
    "op",
    "opcode",
    "operation",
    "option",
    "optlen",
    "optname",
    "out_fd",
    "path",
    "pathname",
    "peer",
    "pgft_maj",
    "pgft_min",
    "pgid",
    "pgoffset",
    "pid",
    "pid_fd",
    "pidns_init_start_ts",
    "plugin_id",
    "pos",
    "prot",
    "proto",
    "ptid",
    "queuelen",
    "queuemax",
    "queuepct",
    "quota_fmt",
    "quota_fmt_out",
    "quotafilepath",
    "ratio",
    "reaper_tid",
    "request",
    "res",
    "resolve",
    "resource",
    "ret",
    "rgid",
    "ruid",
    "scope",
    "sem_flg_0",
    "sem_flg_1",
    "sem_num_0",
    "sem_num_1",
    "sem_op_0",
    "sem_op_1",
    "semflg",
    "semid",
    "semnum",
    "sgid",
    "shell",
    "sig",
    "sigmask",
    "size",
    "source",
    "special",
    "spid",
    "sq_entries",
    "sq_thread_cpu",
    "sq_thread_idle",
    "status",
    "suid",
    "target",
    "target_fd",
    "tid",
    "timeout",
    "to_submit",
    "trusted_exepath",
    "tty",
    "tuple",
    "type",
    "uargs",
    "uid",
    "val",
    "value_bytebuf",
    "value_charbuf",
    "vm_rss",
    "vm_size",
    "vm_swap",
    "vpgid",
    "vpid",
    "vtid",
    "whence",
};

// --- rendering

void render_raw(const Parameter& parameter, const Value& value, Arena& arena, std::string& into) {
  if (value.kind() == Kind::kText) {
    const std::string_view text = value.text();
    if (text.empty()) into += parameter.bytes ? "NULL" : kNotAvailable;
    for (const char c : text) into += parameter.bytes && (c < ' ' || c > '~') ? '.' : c;
    return;
  }
  const auto out = std::back_inserter(into);
  const bool flags = parameter.resolve != nullptr && parameter.format == Format::kHex;
  if (parameter.format == Format::kTime) {
    into += time_text(value.unsigned_integer(), TimeStyle::kDateTime, arena);
  } else if (parameter.format == Format::kHex && !flags) {  // flags have names for people to read
    fmt::format_to(out, "{:X}", value.unsigned_integer());
  } else if (parameter.format == Format::kOctal) {
    fmt::format_to(out, "{:#o}", value.unsigned_integer());
  } else {
    fmt::format_to(out, "{}", value.integer());
  }
}

std::string_view resolved(const Parameter& parameter, const Subject& subject, const Value& value,
                          Arena& arena) {
  return parameter.resolve == nullptr ? std::string_view() : parameter.resolve(subject, value, arena);
}

}  // namespace

std::span<const Parameter> parameters(event::TypeId type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row.parameters;
  }
  return {};
}

const Parameter* find_parameter(event::TypeId type, std::string_view name) {
  for (const Parameter& parameter : parameters(type)) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

std::span<const std::string_view> parameter_names() { return kNames; }

Format parameter_format(std::string_view name) {
  for (const TypeRow& row : kTypes) {
    const Parameter* parameter = find_parameter(row.type, name);
    // As an alert's value, a time is its number.
    if (parameter != nullptr)
      return parameter->format == Format::kTime ? Format::kDecimal : parameter->format;
  }
  return Format::kDecimal;
}

Value parameter_text(const Parameter& parameter, const Subject& subject, Arena& arena) {
  if (parameter.read == nullptr) return {};
  const Value value = parameter.read(subject, arena);
  if (value.missing()) return {};
  if (const std::string_view text = resolved(parameter, subject, value, arena); !text.empty())
    return Value::text(text);
  if (value.kind() == Kind::kText && !parameter.bytes && !value.text().empty()) return value;
  std::string raw;
  render_raw(parameter, value, arena, raw);
  return Value::text(arena.copy(raw));
}

std::string_view all_parameters_text(const Subject& subject, Arena& arena) {
  std::string all;
  for (const Parameter& parameter : parameters(subject.event->type)) {
    if (!all.empty()) all += ' ';
    all += parameter.name;
    all += '=';
    const Value value = parameter.read == nullptr ? Value() : parameter.read(subject, arena);
    if (value.missing()) {
      all += kNotAvailable;
      continue;
    }
    render_raw(parameter, value, arena, all);
    const std::string_view text = resolved(parameter, subject, value, arena);
    if (text.empty()) continue;
    all += '(';
    all += text;
    all += ')';
  }
  return arena.copy(all);
}

}  // namespace saker::fields
