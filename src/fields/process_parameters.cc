#include "fields/process_parameters.h"

#include <string>

#include "fields/arena_text.h"
#include "fields/arguments.h"
#include "fields/cgroup_text.h"
#include "fields/field_rows.h"
#include "fields/flags.h"
#include "fields/lineage.h"
#include "fields/names.h"
#include "fields/open_parameters.h"

namespace saker::fields {
namespace {

std::string_view argv_of(const Subject& s) {
  if (const event::Exec* exec = exec_of(s)) return exec->args.bytes;
  if (const event::File* file = file_of(s)) return file->args.bytes;
  return s.process == nullptr ? std::string_view() : s.process->args();
}

}  // namespace

const event::Exec* exec_of(const Subject& s) { return std::get_if<event::Exec>(&s.event->body); }

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

Value exec_env(const Subject& s, Arena&) {
  const event::Exec* exec = exec_of(s);
  return exec == nullptr ? Value() : text_or_missing(exec->env);
}

Value pidns_start(const Subject& s, Arena&) {
  const std::uint64_t start_ns = s.event->task.init_start_ns;
  return start_ns == 0 ? Value() : Value::unsigned_integer(s.boot_wall_ns + start_ns);
}

Value task_cgroups(const Subject& s, Arena& arena) {
  std::string text = cgroup_text(s, '\0');
  if (text.empty()) return {};
  text += '\0';
  return Value::text(arena.copy(text));
}

Value exec_flags(const Subject& s, Arena&) {
  const event::Exec* exec = exec_of(s);
  if (exec == nullptr) return {};
  const event::ExeFile& file = exec->file;
  return Value::integer((file.writable ? 1 : 0) | (file.upper_layer ? 2 : 0) | (file.from_memfd ? 4 : 0) |
                        (file.lower_layer ? 8 : 0));
}

Value task_pid(const Subject& s, Arena&) { return Value::integer(s.event->task.process.tgid); }

Value task_parent(const Subject& s, Arena&) { return Value::integer(s.event->task.parent.tgid); }

Value task_comm(const Subject& s, Arena&) { return Value::text(s.event->task.comm); }

Value task_loginuid(const Subject& s, Arena&) {
  return Value::integer(static_cast<std::int32_t>(s.event->task.loginuid));
}

std::string_view resolve_self(const Subject& s, const Value&, Arena&) {
  return s.process == nullptr ? std::string_view() : s.process->comm();
}

std::string_view resolve_parent(const Subject& s, const Value&, Arena&) {
  const state::Process* parent = parent_of(s);
  return parent == nullptr ? std::string_view() : parent->comm();
}

std::string_view resolve_pid(const Subject& s, const Value& raw, Arena&) {
  if (s.processes == nullptr || raw.integer() <= 0) return {};
  const state::Process* process = s.processes->find_pid(static_cast<std::uint32_t>(raw.integer()));
  return process == nullptr ? std::string_view() : process->comm();
}

std::string_view resolve_uid(const Subject& s, const Value& raw, Arena&) {
  return raw.integer() == -1 ? "<NONE>" : user_name(s, static_cast<std::uint32_t>(raw.integer()));
}

std::string_view resolve_gid(const Subject& s, const Value& raw, Arena&) {
  return raw.integer() == -1 ? "<NONE>" : group_name(s, static_cast<std::uint32_t>(raw.integer()));
}

const event::Exit* exit_of(const Subject& s) { return std::get_if<event::Exit>(&s.event->body); }

Value exit_reaper(const Subject& s, Arena&) {
  const event::Exit* exit = exit_of(s);
  return exit == nullptr ? Value() : Value::integer(exit->reaper.tgid);
}

std::string_view resolve_signal(const Subject&, const Value& raw, Arena& arena) {
  return signal_name(raw.integer(), arena);
}

}  // namespace saker::fields
