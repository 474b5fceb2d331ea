#include "fields/parameters.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <string>

#include "event/details.h"
#include "fields/arena_text.h"
#include "fields/call_arguments.h"
#include "fields/descriptor.h"
#include "fields/evt_text.h"
#include "fields/field_rows.h"
#include "fields/flags.h"
#include "fields/names.h"
#include "fields/open_parameters.h"
#include "fields/process_parameters.h"
#include "fields/single_calls.h"

namespace saker::fields {
namespace {

using event::Parameter;
using event::ParameterKind;

constexpr std::int64_t kWorkingDirectory = -100;

// --- of pairs of descriptors, and of listeners

const event::Descriptor* pair_of(const Subject& s, std::uint8_t which) {
  const event::Call* call = call_of(s);
  return call == nullptr ? nullptr : call->descriptor(which == 0 ? SAKER_RESULT : SAKER_RESULT2);
}

Value pair_fd(const Subject& s, const Parameter& parameter, Arena&) {
  const event::Descriptor* descriptor = pair_of(s, parameter.offset);
  return Value::integer(descriptor == nullptr ? -1 : descriptor->fd);
}

template <auto kMember>
Value of_pair(const Subject& s, Arena&) {
  const event::Descriptor* descriptor = pair_of(s, 0);
  return descriptor == nullptr ? Value() : Value::unsigned_integer(descriptor->*kMember);
}

// Of the listening socket, as connections waiting for accept().
const event::Descriptor* listener_of(const Subject& s) {
  const event::Call* call = call_of(s);
  return call == nullptr ? nullptr : call->descriptor(0);
}
template <auto kMember>
Value of_listener(const Subject& s, Arena&) {
  const event::Descriptor* listener = listener_of(s);
  return listener == nullptr ? Value() : Value::unsigned_integer(listener->*kMember);
}
Value queue_percent(const Subject& s, Arena&) {
  const event::Descriptor* listener = listener_of(s);
  if (listener == nullptr) return {};
  return Value::unsigned_integer(listener->queue_max == 0 ? 0 : listener->queue * 100 / listener->queue_max);
}

// number:type, with blanks.
Value polled(const Subject& s, Arena& arena) {
  std::string all;
  for (const event::Descriptor& descriptor : event::polled_descriptors(*s.event))
    fmt::format_to(std::back_inserter(all), "{}{}:{}", all.empty() ? "" : " ", descriptor.fd,
                   typechar_of(type_of(descriptor)));
  return all.empty() ? Value() : Value::text(arena.copy(all));
}

Value zero(const Subject&, Arena&) { return Value::integer(0); }
Value empty_text(const Subject&, Arena&) { return Value::text({}); }

std::string_view resolve_symbols(const Subject&, const Parameter& parameter, const Value& raw, Arena& arena) {
  return flag_text(static_cast<std::uint32_t>(raw.integer()), event::symbols(parameter.symbols), arena);
}

std::string_view resolve_symbol(const Subject&, const Parameter& parameter, const Value& raw, Arena& arena) {
  return symbol_text(static_cast<std::uint32_t>(raw.integer()), event::symbols(parameter.symbols), arena);
}

std::string_view resolve_fd(const Subject& s, const Parameter& parameter, const Value& raw, Arena& arena) {
  if (raw.integer() == kWorkingDirectory) return "AT_FDCWD";
  if (raw.integer() < 0) return errno_name(-raw.integer());
  const event::Call* call = call_of(s);
  if (call == nullptr) return {};
  const bool result = parameter.kind == ParameterKind::kResultFd;
  const event::Descriptor* descriptor = parameter.kind == ParameterKind::kPairFd
                                            ? pair_of(s, parameter.offset)
                                            : call->descriptor(result ? SAKER_RESULT : parameter.argument);
  return descriptor == nullptr ? std::string_view() : descriptor_text(s, *descriptor, arena);
}

std::string_view directory_of_path(const Subject& s, const event::Call& call, const Parameter& parameter,
                                   Arena& arena) {
  if (parameter.kind != ParameterKind::kRelativePath) return with_slash(call.cwd.bytes, arena);
  const std::size_t place = parameter.argument - 1U;
  if (static_cast<std::int32_t>(call.arguments[place]) == kWorkingDirectory)
    return with_slash(call.cwd.bytes, arena);
  const event::Descriptor* directory = call.descriptor(static_cast<std::uint8_t>(place));
  const std::string_view name =
      directory == nullptr ? std::string_view() : descriptor_name(s, *directory, arena);
  return name.empty() ? kUnknownDirectory : with_slash(name, arena);
}

std::string_view absolute(const Subject& s, const Parameter& parameter, std::string_view path, Arena& arena) {
  const event::Call* call = call_of(s);
  if (call == nullptr || path.empty()) return {};
  if (path.starts_with('/')) return join_path({}, path, arena);
  return join_path(directory_of_path(s, *call, parameter, arena), path, arena);
}

std::string_view resolve_path(const Subject& s, const Parameter& parameter, const Value& raw, Arena& arena) {
  return raw.text().starts_with('/') ? std::string_view() : absolute(s, parameter, raw.text(), arena);
}

// --- the table

using Read = Value (*)(const Subject&, const Parameter&, Arena&);
using Resolve = std::string_view (*)(const Subject&, const Parameter&, const Value&, Arena&);

struct Reading {
  Read read = nullptr;
  // The text that the value stands for, or the absolute path of a relative one; empty when there is none.
  Resolve resolve = nullptr;
};

// Functions that need not know which parameter they read.
template <auto kFunction>
Value plain(const Subject& s, const Parameter&, Arena& arena) {
  return kFunction(s, arena);
}
template <auto kFunction>
std::string_view plain_text(const Subject& s, const Parameter&, const Value& raw, Arena& arena) {
  return kFunction(s, raw, arena);
}

constexpr auto kReadings = [] {
  using enum ParameterKind;
  using event::Symbols;
  using F = event::File;
  using T = event::Task;
  using X = event::ExeFile;
  using D = event::Descriptor;
  using U = saker_usage;
  std::array<Reading, static_cast<std::size_t>(kCount)> made{};
  const auto set = [&made](ParameterKind kind, Read read, Resolve resolve = nullptr) {
    made[static_cast<std::size_t>(kind)] = {read, resolve};
  };
  constexpr Resolve kErrno = plain_text<resolve_errno>;
  constexpr Resolve kUidName = plain_text<resolve_uid>;
  constexpr Resolve kGidName = plain_text<resolve_gid>;
  constexpr Resolve kPidName = plain_text<resolve_pid>;

  set(kNone, plain<zero>);
  set(kResult, call_result, kErrno);
  set(kResultNumber, call_result);
  set(kResultFd, call_result, resolve_fd);
  set(kResultPid, call_result, kPidName);
  set(kResultUid, call_result, kUidName);
  set(kResultGid, call_result, kGidName);
  set(kNumber, number_argument);
  set(kSymbol, symbol_argument, resolve_symbol);
  set(kFlags, symbol_argument, resolve_symbols);
  set(kMode, symbol_argument, resolve_symbols);
  set(kFd, signed_argument, resolve_fd);
  set(kPid, signed_argument, kPidName);
  set(kUid, signed_argument, kUidName);
  set(kGid, signed_argument, kGidName);
  set(kSignal, signed_argument, plain_text<resolve_signal>);
  set(kSocketType, socket_type_argument);
  set(kSocketOption, socket_option_argument, resolve_symbol);
  set(kPath, pointed_text, resolve_path);
  set(kRelativePath, pointed_text, resolve_path);
  set(kText, pointed_text);
  set(kBytes, pointed_data);
  set(kVectorSize, vector_size);
  set(kControl, control_data);
  set(kSignalSet, fixed_number, resolve_signals);
  set(kAddress, address_argument);
  set(kTuple, tuple_value);
  set(kFixedNumber, fixed_number);
  set(kFixedFlags, fixed_flags, resolve_symbols);
  set(kFixedUid, fixed_number, kUidName);
  set(kFixedGid, fixed_number, kGidName);
  set(kInterval, interval);
  set(kPairFd, pair_fd, resolve_fd);
  set(kPairInode, plain<of_pair<&D::ino>>);
  set(kPairSource, plain<of_pair<&D::own_address>>);
  set(kPairPeer, plain<of_pair<&D::peer_address>>);
  set(kQueuePercent, plain<queue_percent>);
  set(kQueueLength, plain<of_listener<&D::queue>>);
  set(kQueueMax, plain<of_listener<&D::queue_max>>);
  set(kPrctlText, prctl_text);
  set(kPrctlNumber, prctl_number);
  set(kQuotaCommand, plain<quota_command>, plain_text<resolve_with<Symbols::kQuotaCommand>>);
  set(kQuotaType, plain<quota_type>, plain_text<resolve_with<Symbols::kQuotaType>>);
  set(kQuotaFile, quota_file);
  set(kQuotaFormat, quota_format, resolve_symbols);
  set(kQuotaFormatOut, quota_format_out, resolve_symbols);
  set(kQuotaBlock, quota_block);
  set(kQuotaInfo, quota_info);
  set(kQuotaInfoFlags, quota_info_flags, resolve_symbols);
  set(kFsconfigBytes, fsconfig_bytes);
  set(kFsconfigText, fsconfig_text);
  set(kSemaphoreNumber, semaphore_number);
  set(kSemaphoreFlags, semaphore_flags, resolve_symbols);
  set(kLlseekOffset, plain<llseek_offset>);
  set(kEmptyText, plain<empty_text>);

  set(kOpenFd, plain<file_number<&F::result>>, plain_text<resolve_opened>);
  set(kOpenDirfd, plain<file_number<&F::dirfd>>, plain_text<resolve_directory>);
  set(kOpenName, plain<open_name>, plain_text<resolve_name>);
  set(kOpenFlags, plain<file_number<&F::flags>>, plain_text<resolve_with<Symbols::kOpenFlags>>);
  set(kOpenMode, plain<open_mode>);
  set(kOpenDev, plain<file_number<&F::dev>>);
  set(kOpenIno, plain<file_number<&F::ino>>);
  set(kOpenResolve, plain<file_number<&F::resolve>>, plain_text<resolve_with<Symbols::kResolveFlags>>);
  set(kOpenHandlePath, plain<handle_path>);
  set(kOpenLayers, plain<creat_flags>, plain_text<resolve_with<Symbols::kCreatFlags>>);

  set(kVmSize, plain<usage_number<&U::vm_kb>>);
  set(kVmRss, plain<usage_number<&U::rss_kb>>);
  set(kVmSwap, plain<usage_number<&U::swap_kb>>);
  set(kFilesMax, plain<usage_number<&U::files_max>>);
  set(kMajorFaults, plain<usage_number<&U::major_faults>>);
  set(kMinorFaults, plain<usage_number<&U::minor_faults>>);
  set(kPidnsStart, plain<pidns_start>);
  set(kTaskCgroups, plain<task_cgroups>);
  set(kExecEnv, plain<exec_env>);
  set(kPolled, plain<polled>);

  set(kTaskExe, plain<exec_exe>);
  set(kTaskArgs, plain<exec_args>);
  set(kTaskTid, plain<task_number<&T::tid>>, plain_text<resolve_self>);
  set(kTaskPid, plain<task_pid>, plain_text<resolve_self>);
  set(kTaskParent, plain<task_parent>, plain_text<resolve_parent>);
  set(kTaskComm, plain<task_comm>);
  set(kTaskTty, plain<task_number<&T::tty>>);
  set(kTaskGroup, plain<task_number<&T::group>>, kPidName);
  set(kTaskVgroup, plain<task_number<&T::vgroup>>, kPidName);
  set(kTaskLoginuid, plain<task_loginuid>, kUidName);
  set(kTaskUid, plain<task_number<&T::euid>>, kUidName);
  set(kTaskGid, plain<task_number<&T::egid>>, kGidName);
  set(kTaskVtid, plain<task_number<&T::vtid>>);
  set(kTaskVpid, plain<task_number<&T::vpid>>);
  set(kTaskCapInheritable, plain<task_number<&T::cap_inheritable>>);
  set(kTaskCapPermitted, plain<task_number<&T::cap_permitted>>);
  set(kTaskCapEffective, plain<task_number<&T::cap_effective>>);
  set(kExecCwd, plain<exec_cwd>);
  set(kExecFlags, plain<exec_flags>, plain_text<resolve_with<Symbols::kExeFlags>>);
  set(kExecPath, plain<exec_path>);
  set(kExecFilename, plain<exec_filename>, plain_text<resolve_exec_filename>);
  set(kExeIno, plain<exe_file_number<&X::ino>>);
  set(kExeCtime, plain<exe_file_number<&X::ctime_ns>>);
  set(kExeMtime, plain<exe_file_number<&X::mtime_ns>>);

  set(kExitStatus, plain<exit_bits<0, 0xffff>>, kErrno);
  set(kExitReturn, plain<exit_bits<8, 0xff>>, kErrno);
  set(kExitSignal, plain<exit_bits<0, 0x7f>>, plain_text<resolve_signal>);
  set(kExitCore, plain<exit_bits<7, 1>>);
  set(kExitReaper, plain<exit_reaper>, kPidName);
  return made;
}();

const Reading& reading_of(const Parameter& parameter) {
  return kReadings[static_cast<std::size_t>(parameter.kind)];
}

// --- rendering

void render_raw(const Parameter& parameter, const Value& value, Arena& arena, std::string& into) {
  if (value.kind() == Kind::kText) {
    const std::string_view text = value.text();
    if (text.empty()) into += parameter.bytes ? "NULL" : kNotAvailable;
    for (const char c : text) into += parameter.bytes && (c < ' ' || c > '~') ? '.' : c;
    return;
  }
  const auto out = std::back_inserter(into);
  const bool named =
      parameter.symbols != event::Symbols::kNone || parameter.kind == ParameterKind::kOpenFlags ||
      parameter.kind == ParameterKind::kOpenResolve || parameter.kind == ParameterKind::kOpenLayers ||
      parameter.kind == ParameterKind::kExecFlags;
  if (parameter.base == event::Base::kTime) {
    into += time_text(value.unsigned_integer(), TimeStyle::kDateTime, arena);
  } else if (parameter.base == event::Base::kHex && !named) {  // flags have names for people to read
    fmt::format_to(out, "{:X}", value.unsigned_integer());
  } else if (parameter.base == event::Base::kOctal) {
    fmt::format_to(out, "{:#o}", value.unsigned_integer());
  } else {
    fmt::format_to(out, "{}", value.integer());
  }
}

std::string_view resolved(const Parameter& parameter, const Subject& subject, const Value& value,
                          Arena& arena) {
  const Resolve resolve = reading_of(parameter).resolve;
  return resolve == nullptr ? std::string_view() : resolve(subject, parameter, value, arena);
}

}  // namespace

Value parameter_value(const Parameter& parameter, const Subject& subject, Arena& arena) {
  const Read read = reading_of(parameter).read;
  return read == nullptr ? Value() : read(subject, parameter, arena);
}

Value parameter_text(const Parameter& parameter, const Subject& subject, Arena& arena) {
  const Value value = parameter_value(parameter, subject, arena);
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
  const event::Schema* schema = event::find_schema(subject.event->type);
  if (schema == nullptr) return {};
  for (const Parameter& parameter : schema->parameters) {
    if (!all.empty()) all += ' ';
    all += parameter.name;
    all += '=';
    const Value value = parameter_value(parameter, subject, arena);
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

std::string_view parameter_path(const Parameter& parameter, const Subject& subject, Arena& arena) {
  const Value value = parameter_value(parameter, subject, arena);
  return value.kind() == Kind::kText ? absolute(subject, parameter, value.text(), arena) : std::string_view();
}

std::uint8_t parameter_details(const Parameter& parameter) {
  switch (parameter.kind) {
    case ParameterKind::kVmSize:
    case ParameterKind::kVmRss:
    case ParameterKind::kVmSwap:
    case ParameterKind::kFilesMax:
    case ParameterKind::kMajorFaults:
    case ParameterKind::kMinorFaults:
      return SAKER_DETAIL_USAGE;
    case ParameterKind::kTaskCgroups:
      return SAKER_DETAIL_CGROUPS;
    case ParameterKind::kExecEnv:
      return SAKER_DETAIL_ENV;
    default:
      return 0;
  }
}

Format parameter_format(std::string_view name) {
  switch (event::parameter_base(name)) {
    case event::Base::kHex:
      return Format::kHex;
    case event::Base::kOctal:
      return Format::kOctal;
    case event::Base::kTime:  // as an alert's value, a time is its number
    case event::Base::kDecimal:
      break;
  }
  return Format::kDecimal;
}

}  // namespace saker::fields
