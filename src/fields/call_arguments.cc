#include "fields/call_arguments.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "event/symbols.h"
#include "fields/descriptor.h"

namespace saker::fields {

using event::Parameter;

namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

std::size_t bytes_of(event::Number width) {
  using enum event::Number;
  if (width == kS8 || width == kU8) return 1;
  if (width == kS16 || width == kU16) return 2;
  return width == kS32 || width == kU32 ? 4 : 8;
}

}  // namespace

const event::Call* call_of(const Subject& s) { return std::get_if<event::Call>(&s.event->body); }

Value call_result(const Subject& s, const Parameter&, Arena&) { return Value::integer(s.event->result()); }

Value narrowed(std::uint64_t number, event::Number width) {
  using enum event::Number;
  switch (width) {
    case kS8:
      return Value::integer(static_cast<std::int8_t>(number));
    case kU8:
      return Value::unsigned_integer(static_cast<std::uint8_t>(number));
    case kS16:
      return Value::integer(static_cast<std::int16_t>(number));
    case kU16:
      return Value::unsigned_integer(static_cast<std::uint16_t>(number));
    case kS32:
      return Value::integer(static_cast<std::int32_t>(number));
    case kU32:
      return Value::unsigned_integer(static_cast<std::uint32_t>(number));
    case kS64:
      return Value::integer(static_cast<std::int64_t>(number));
    case kU64:
      return Value::unsigned_integer(number);
  }
  return {};
}

std::optional<std::uint64_t> argument_of(const Subject& s, const Parameter& parameter) {
  const event::Call* call = call_of(s);
  if (call == nullptr || parameter.argument >= call->arguments.size()) return std::nullopt;
  return call->arguments[parameter.argument];
}

const event::Text* pointed_of(const Subject& s, const Parameter& parameter) {
  const event::Call* call = call_of(s);
  if (call == nullptr || parameter.argument >= call->texts.size()) return nullptr;
  const event::Text& text = call->texts[parameter.argument];
  return text.present ? &text : nullptr;
}

Value number_argument(const Subject& s, const Parameter& parameter, Arena&) {
  const auto argument = argument_of(s, parameter);
  return argument ? narrowed(*argument, parameter.number) : Value();
}

Value signed_argument(const Subject& s, const Parameter& parameter, Arena&) {
  const auto argument = argument_of(s, parameter);
  return argument ? narrowed(*argument, event::Number::kS32) : Value();
}

Value symbol_argument(const Subject& s, const Parameter& parameter, Arena&) {
  const auto argument = argument_of(s, parameter);
  return argument ? Value::integer(static_cast<std::int64_t>(
                        event::from_kernel(parameter.symbols, static_cast<std::uint32_t>(*argument))))
                  : Value();
}

Value socket_type_argument(const Subject& s, const Parameter& parameter, Arena&) {
  constexpr std::uint64_t kTypeBits = 0xf;
  const auto argument = argument_of(s, parameter);
  return argument ? Value::unsigned_integer(*argument & kTypeBits) : Value();
}

// Options have numbers of their own at each level; only SOL_SOCKET's have names.
Value socket_option_argument(const Subject& s, const Parameter& parameter, Arena&) {
  const event::Call* call = call_of(s);
  if (call == nullptr) return {};
  return Value::unsigned_integer(call->arguments[1] == SOL_SOCKET ? call->arguments[parameter.argument] : 0);
}

Value pointed_text(const Subject& s, const Parameter& parameter, Arena&) {
  const event::Text* text = pointed_of(s, parameter);
  return text == nullptr ? Value() : Value::text(text->bytes);
}

Value pointed_data(const Subject& s, const Parameter& parameter, Arena&) {
  if (call_of(s) == nullptr) return {};
  const event::Text* text = pointed_of(s, parameter);
  return Value::text(text == nullptr ? std::string_view() : text->bytes);
}

Value vector_size(const Subject& s, const Parameter& parameter, Arena&) {
  const event::Call* call = call_of(s);
  return call == nullptr || !call->vector_bytes ? Value() : narrowed(*call->vector_bytes, parameter.number);
}

Value control_data(const Subject& s, const Parameter&, Arena&) {
  const event::Call* call = call_of(s);
  return call == nullptr ? Value() : Value::text(call->control.bytes);
}

Value address_argument(const Subject& s, const Parameter& parameter, Arena& arena) {
  const event::Text* text = pointed_of(s, parameter);
  const auto address = text == nullptr ? std::nullopt : parse_address(text->bytes);
  return Value::text(address ? address_text(*address, arena) : std::string_view());
}

// Of a connection that did not come about there is none.
Value tuple_value(const Subject& s, const Parameter&, Arena& arena) {
  const event::Descriptor* socket = main_descriptor_of(s);
  const bool under_way = s.event->result() >= 0 || s.event->result() == -EINPROGRESS;
  if (socket == nullptr || !under_way) return Value::text({});
  const auto connection = connection_of(s);
  if (connection && !connection->remote.known()) return Value::text({});
  return Value::text(descriptor_name(s, *socket, arena));
}

Value fixed_number(const Subject& s, const Parameter& parameter, Arena&) {
  const event::Text* text = pointed_of(s, parameter);
  const std::size_t size = bytes_of(parameter.number);
  if (text == nullptr || text->bytes.size() < parameter.offset + size) return {};
  std::uint64_t number = 0;
  std::memcpy(&number, text->bytes.data() + parameter.offset, size);
  return narrowed(number, parameter.number);
}

Value fixed_flags(const Subject& s, const Parameter& parameter, Arena& arena) {
  const Value number = fixed_number(s, parameter, arena);
  if (number.missing()) return {};
  return Value::integer(
      static_cast<std::int64_t>(event::from_kernel(parameter.symbols, number.unsigned_integer())));
}

Value interval(const Subject& s, const Parameter& parameter, Arena&) {
  const event::Text* text = pointed_of(s, parameter);
  std::array<std::uint64_t, 2> time{};
  if (text == nullptr || text->bytes.size() < sizeof(time)) return {};
  std::memcpy(time.data(), text->bytes.data(), sizeof(time));
  return Value::unsigned_integer(time[0] * kNanosecondsPerSecond + time[1]);
}

}  // namespace saker::fields
