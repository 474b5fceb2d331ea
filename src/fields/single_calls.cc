#include "fields/single_calls.h"

#include <linux/mount.h>
#include <linux/quota.h>
#include <sys/prctl.h>
#include <sys/sem.h>

#include <cstring>
#include <string>

#include "fields/call_arguments.h"
#include "fields/flags.h"

namespace saker::fields {
namespace {

using event::Parameter;

std::uint32_t quota_command_of(const event::Call& call) {
  return static_cast<std::uint32_t>(call.arguments[0]) >> 8;
}

// A field of the structure that the command reads or writes; nothing for other commands, and where the
// structure says that it is not valid.
template <class Structure, std::uint32_t kGet, std::uint32_t kSet, auto kValid>
Value quota_field(const Subject& s, const Parameter& parameter) {
  const event::Call* call = call_of(s);
  const event::Text* text = pointed_of(s, parameter);
  if (call == nullptr || text == nullptr || text->bytes.size() < sizeof(Structure)) return {};
  const std::uint32_t command = quota_command_of(*call);
  if (command != kGet && command != kSet) return {};
  Structure structure;
  std::memcpy(&structure, text->bytes.data(), sizeof(structure));
  if ((structure.*kValid & parameter.size) == 0) return {};
  std::uint64_t number = 0;
  std::memcpy(&number, reinterpret_cast<const char*>(&structure) + parameter.offset, sizeof(number));
  return Value::unsigned_integer(number);
}

// fsconfig()'s value is bytes to one of its commands, and a text or nothing to the others.
bool sets_bytes(const event::Call& call) { return call.arguments[1] == FSCONFIG_SET_BINARY; }

bool is_given(const Subject& s, const Parameter& parameter) {
  const event::Call* call = call_of(s);
  return call != nullptr && parameter.offset < call->arguments[2] * sizeof(sembuf);
}

}  // namespace

Value prctl_text(const Subject& s, const Parameter& parameter, Arena&) {
  const event::Call* call = call_of(s);
  if (call == nullptr) return {};
  const bool named = call->arguments[0] == PR_SET_NAME || call->arguments[0] == PR_GET_NAME;
  const event::Text* text = named ? pointed_of(s, parameter) : nullptr;
  return Value::text(text == nullptr ? std::string_view() : text->bytes);
}

Value prctl_number(const Subject& s, const Parameter& parameter, Arena&) {
  const event::Call* call = call_of(s);
  if (call == nullptr) return {};
  const bool named = call->arguments[0] == PR_SET_NAME || call->arguments[0] == PR_GET_NAME;
  return Value::unsigned_integer(named ? 0 : call->arguments[parameter.argument]);
}

// Command and type share quotactl()'s first argument.
Value quota_command(const Subject& s, Arena&) {
  const event::Call* call = call_of(s);
  if (call == nullptr) return {};
  return Value::unsigned_integer(
      event::from_kernel(event::Symbols::kQuotaCommand, static_cast<std::uint32_t>(call->arguments[0]) >> 8));
}
Value quota_type(const Subject& s, Arena&) {
  const event::Call* call = call_of(s);
  return call == nullptr ? Value()
                         : Value::unsigned_integer(
                               event::from_kernel(event::Symbols::kQuotaType, call->arguments[0] & 0xff));
}

Value quota_info_flags(const Subject& s, const Parameter& parameter, Arena&) {
  const event::Call* call = call_of(s);
  const event::Text* text = pointed_of(s, parameter);
  if (call == nullptr || text == nullptr || text->bytes.size() < sizeof(if_dqinfo)) return {};
  const std::uint32_t command = quota_command_of(*call);
  if (command != Q_GETINFO && command != Q_SETINFO) return {};
  if_dqinfo info;
  std::memcpy(&info, text->bytes.data(), sizeof(info));
  if ((info.dqi_valid & IIF_FLAGS) == 0) return {};
  return Value::unsigned_integer(event::from_kernel(parameter.symbols, info.dqi_flags & 1U));
}

Value quota_file(const Subject& s, const Parameter& parameter, Arena&) {
  const event::Call* call = call_of(s);
  const event::Text* text = pointed_of(s, parameter);
  return call == nullptr || text == nullptr || quota_command_of(*call) != Q_QUOTAON
             ? Value()
             : Value::text(text->bytes);
}

Value quota_format(const Subject& s, const Parameter& parameter, Arena&) {
  const event::Call* call = call_of(s);
  if (call == nullptr) return {};
  const std::uint64_t format = quota_command_of(*call) == Q_QUOTAON ? call->arguments[2] : 0;
  return Value::unsigned_integer(event::from_kernel(parameter.symbols, static_cast<std::uint32_t>(format)));
}

Value quota_format_out(const Subject& s, const Parameter& parameter, Arena&) {
  const event::Call* call = call_of(s);
  if (call == nullptr) return {};
  const event::Text* text = pointed_of(s, parameter);
  std::uint32_t format = 0;
  if (quota_command_of(*call) == Q_GETFMT && text != nullptr && text->bytes.size() >= sizeof(format))
    std::memcpy(&format, text->bytes.data(), sizeof(format));
  return Value::unsigned_integer(event::from_kernel(parameter.symbols, format));
}

Value fsconfig_bytes(const Subject& s, const Parameter& parameter, Arena&) {
  const event::Call* call = call_of(s);
  const event::Text* text = call != nullptr && sets_bytes(*call) ? pointed_of(s, parameter) : nullptr;
  return call == nullptr ? Value() : Value::text(text == nullptr ? std::string_view() : text->bytes);
}
Value fsconfig_text(const Subject& s, const Parameter& parameter, Arena&) {
  const event::Call* call = call_of(s);
  const event::Text* text = call == nullptr || sets_bytes(*call) ? nullptr : pointed_of(s, parameter);
  return text == nullptr ? Value() : Value::text(text->bytes);
}
Value semaphore_number(const Subject& s, const Parameter& parameter, Arena& arena) {
  return is_given(s, parameter) ? fixed_number(s, parameter, arena) : Value();
}
Value semaphore_flags(const Subject& s, const Parameter& parameter, Arena& arena) {
  return is_given(s, parameter) ? fixed_flags(s, parameter, arena) : Value();
}

// Names of the set's signals, with blanks.
std::string_view resolve_signals(const Subject&, const Parameter&, const Value& raw, Arena& arena) {
  std::string all;
  for (int number = 1; number <= 32; ++number) {
    if ((raw.unsigned_integer() >> (number - 1) & 1U) == 0) continue;
    if (!all.empty()) all += ' ';
    all += signal_name(number, arena);
  }
  return arena.copy(all);
}

Value llseek_offset(const Subject& s, Arena&) {
  const event::Call* call = call_of(s);
  return call == nullptr ? Value() : Value::unsigned_integer(call->arguments[1] << 32 | call->arguments[2]);
}

Value quota_block(const Subject& s, const Parameter& parameter, Arena&) {
  return quota_field<if_dqblk, Q_GETQUOTA, Q_SETQUOTA, &if_dqblk::dqb_valid>(s, parameter);
}

Value quota_info(const Subject& s, const Parameter& parameter, Arena&) {
  return quota_field<if_dqinfo, Q_GETINFO, Q_SETINFO, &if_dqinfo::dqi_valid>(s, parameter);
}

}  // namespace saker::fields
