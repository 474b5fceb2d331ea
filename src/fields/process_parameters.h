// Parameters that are of the task, of its exec or of its end. Made for the table in parameters.cc; each reads
// one parameter of the event, or gives the text that its value stands for.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "event/details.h"
#include "event/event.h"
#include "fields/catalogue.h"

namespace saker::fields {

const event::Exec* exec_of(const Subject& subject);
Value exec_exe(const Subject& subject, Arena& arena);
Value exec_args(const Subject& subject, Arena& arena);
Value exec_cwd(const Subject& subject, Arena& arena);
Value exec_filename(const Subject& subject, Arena& arena);
std::string_view resolve_exec_filename(const Subject& subject, const Value& raw, Arena& arena);
Value exec_path(const Subject& subject, Arena& arena);
Value exec_env(const Subject& subject, Arena& arena);
Value pidns_start(const Subject& subject, Arena& arena);
// Each ended by NUL, as Falco's record has them.
Value task_cgroups(const Subject& subject, Arena& arena);
Value exec_flags(const Subject& subject, Arena& arena);
Value task_pid(const Subject& subject, Arena& arena);
Value task_parent(const Subject& subject, Arena& arena);
Value task_comm(const Subject& subject, Arena& arena);
// As a signed number: never logged in is -1.
Value task_loginuid(const Subject& subject, Arena& arena);
std::string_view resolve_self(const Subject& subject, const Value& raw, Arena& arena);
std::string_view resolve_parent(const Subject& subject, const Value& raw, Arena& arena);
std::string_view resolve_pid(const Subject& subject, const Value& raw, Arena& arena);
std::string_view resolve_uid(const Subject& subject, const Value& raw, Arena& arena);
std::string_view resolve_gid(const Subject& subject, const Value& raw, Arena& arena);
const event::Exit* exit_of(const Subject& subject);
Value exit_reaper(const Subject& subject, Arena& arena);
std::string_view resolve_signal(const Subject& subject, const Value& raw, Arena& arena);

template <auto kMember>
Value usage_number(const Subject& s, Arena&) {
  const auto usage = event::usage_of(*s.event);
  return usage ? Value::integer(static_cast<std::int64_t>(usage.value().*kMember)) : Value();
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

// A part of wait()'s status word.
template <unsigned kShift, unsigned kMask>
Value exit_bits(const Subject& s, Arena&) {
  const event::Exit* exit = exit_of(s);
  return exit == nullptr ? Value()
                         : Value::integer((static_cast<std::uint32_t>(exit->status) >> kShift) & kMask);
}

}  // namespace saker::fields
