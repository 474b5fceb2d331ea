// The rows of the schema, one file for each kind of call, and the words they are written in.
#pragma once

#include <span>

#include "event/schema.h"

namespace saker::event {

std::span<const Schema> file_schemas();
std::span<const Schema> network_schemas();
std::span<const Schema> input_output_schemas();
std::span<const Schema> process_schemas();
std::span<const Schema> system_schemas();

namespace rows {

using Kind = ParameterKind;

constexpr Parameter special(std::string_view name, Kind kind, Base base = Base::kDecimal,
                            std::uint8_t argument = 0) {
  return {.name = name, .kind = kind, .argument = argument, .base = base};
}
constexpr Parameter bytes(std::string_view name, Kind kind) {
  return {.name = name, .kind = kind, .bytes = true};
}

constexpr Parameter number(std::string_view name, std::uint8_t argument, Number number,
                           Base base = Base::kDecimal) {
  return {.name = name, .kind = Kind::kNumber, .argument = argument, .number = number, .base = base};
}
constexpr Parameter symbol(std::string_view name, std::uint8_t argument, Symbols symbols,
                           Base base = Base::kDecimal) {
  return {.name = name, .kind = Kind::kSymbol, .argument = argument, .base = base, .symbols = symbols};
}
constexpr Parameter flags(std::string_view name, std::uint8_t argument, Symbols symbols) {
  return {.name = name, .kind = Kind::kFlags, .argument = argument, .base = Base::kHex, .symbols = symbols};
}
constexpr Parameter mode(std::string_view name, std::uint8_t argument, Symbols symbols) {
  return {.name = name, .kind = Kind::kMode, .argument = argument, .base = Base::kOctal, .symbols = symbols};
}
constexpr Parameter of_argument(std::string_view name, Kind kind, std::uint8_t argument,
                                saker_argument collect = SAKER_ARGUMENT_NUMBER) {
  return {.name = name, .kind = kind, .argument = argument, .collect = collect};
}
constexpr Parameter fd(std::string_view name, std::uint8_t argument) {
  return of_argument(name, Kind::kFd, argument, SAKER_ARGUMENT_FD);
}
constexpr Parameter pid(std::string_view name, std::uint8_t argument) {
  return of_argument(name, Kind::kPid, argument);
}
constexpr Parameter uid(std::string_view name, std::uint8_t argument) {
  return of_argument(name, Kind::kUid, argument);
}
constexpr Parameter gid(std::string_view name, std::uint8_t argument) {
  return of_argument(name, Kind::kGid, argument);
}
constexpr Parameter signal(std::string_view name, std::uint8_t argument) {
  return of_argument(name, Kind::kSignal, argument);
}
constexpr Parameter socket_type(std::string_view name, std::uint8_t argument) {
  return of_argument(name, Kind::kSocketType, argument);
}
constexpr Parameter socket_option(std::string_view name, std::uint8_t argument) {
  return {.name = name, .kind = Kind::kSocketOption, .argument = argument, .symbols = Symbols::kSocketOption};
}
constexpr Parameter path(std::string_view name, std::uint8_t argument) {
  return of_argument(name, Kind::kPath, argument, SAKER_ARGUMENT_STRING);
}
constexpr Parameter relative_path(std::string_view name, std::uint8_t argument) {
  return of_argument(name, Kind::kRelativePath, argument, SAKER_ARGUMENT_STRING);
}
constexpr Parameter text(std::string_view name, std::uint8_t argument) {
  return of_argument(name, Kind::kText, argument, SAKER_ARGUMENT_STRING);
}
constexpr Parameter payload(std::string_view name, std::uint8_t argument, saker_argument collect) {
  return {.name = name, .kind = Kind::kBytes, .argument = argument, .collect = collect, .bytes = true};
}
constexpr Parameter data(std::string_view name, std::uint8_t argument) {
  return payload(name, argument, SAKER_ARGUMENT_DATA);
}
constexpr Parameter data_out(std::string_view name, std::uint8_t argument) {
  return payload(name, argument, SAKER_ARGUMENT_DATA_OUT);
}
constexpr Parameter vector(std::string_view name, std::uint8_t argument) {
  return payload(name, argument, SAKER_ARGUMENT_VECTOR);
}
constexpr Parameter vector_out(std::string_view name, std::uint8_t argument) {
  return payload(name, argument, SAKER_ARGUMENT_VECTOR_OUT);
}
constexpr Parameter message(std::string_view name, std::uint8_t argument) {
  return payload(name, argument, SAKER_ARGUMENT_MESSAGE);
}
constexpr Parameter message_out(std::string_view name, std::uint8_t argument) {
  return payload(name, argument, SAKER_ARGUMENT_MESSAGE_OUT);
}
// Each message is an event of its own.
constexpr Parameter messages(std::string_view name, std::uint8_t argument) {
  return payload(name, argument, SAKER_ARGUMENT_MESSAGES);
}
constexpr Parameter messages_out(std::string_view name, std::uint8_t argument) {
  return payload(name, argument, SAKER_ARGUMENT_MESSAGES_OUT);
}
constexpr Parameter vector_size() {
  return {.name = "size", .kind = Kind::kVectorSize, .number = Number::kU32};
}
constexpr Parameter no_flags() { return special("flags", Kind::kNone, Base::kHex); }
constexpr Parameter polled(std::string_view name, std::uint8_t argument) {
  return of_argument(name, Kind::kPolled, argument, SAKER_ARGUMENT_POLL);
}
// Told by the socket that accept() was called on.
constexpr Parameter of_listener(std::string_view name, Kind kind) {
  return of_argument(name, kind, 0, SAKER_ARGUMENT_FD);
}
constexpr Parameter address(std::string_view name, std::uint8_t argument) {
  return of_argument(name, Kind::kAddress, argument, SAKER_ARGUMENT_SOCKADDR);
}
// For a parameter that needs nothing of the arguments.
inline constexpr std::uint8_t kNoArgument = 255;

// Both ends of the socket that the event is about. A socket without a peer gets it from the address in
// `argument`, which `collect` brings.
constexpr Parameter tuple(std::uint8_t argument, saker_argument collect = SAKER_ARGUMENT_NUMBER) {
  return {.name = "tuple", .kind = Kind::kTuple, .argument = argument, .collect = collect, .bytes = true};
}
constexpr Parameter fixed(std::string_view name, std::uint8_t argument, std::uint8_t offset, Number number,
                          std::uint8_t size) {
  return {.name = name,
          .kind = Kind::kFixedNumber,
          .argument = argument,
          .number = number,
          .offset = offset,
          .size = size,
          .collect = SAKER_ARGUMENT_FIXED};
}
constexpr Parameter fixed_flags(std::string_view name, std::uint8_t argument, std::uint8_t offset,
                                Symbols symbols, std::uint8_t size) {
  Parameter row = fixed(name, argument, offset, Number::kU32, size);
  row.kind = Kind::kFixedFlags;
  row.base = Base::kHex;
  row.symbols = symbols;
  return row;
}
constexpr Parameter signal_set(std::string_view name, std::uint8_t argument) {
  Parameter row = fixed(name, argument, 0, Number::kU32, 8);
  row.kind = Kind::kSignalSet;
  return row;
}
constexpr Parameter fixed_id(std::string_view name, Kind kind, std::uint8_t argument) {
  Parameter row = fixed(name, argument, 0, Number::kU32, 4);
  row.kind = kind;
  return row;
}
constexpr Parameter fixed_uid(std::string_view name, std::uint8_t argument) {
  return fixed_id(name, Kind::kFixedUid, argument);
}
constexpr Parameter fixed_gid(std::string_view name, std::uint8_t argument) {
  return fixed_id(name, Kind::kFixedGid, argument);
}
constexpr Parameter interval(std::string_view name, std::uint8_t argument) {
  Parameter row = fixed(name, argument, 0, Number::kU64, 16);
  row.kind = Kind::kInterval;
  return row;
}
// One of the two descriptors that pipe() and socketpair() write where `argument` points.
constexpr Parameter pair_fd(std::string_view name, std::uint8_t argument, std::uint8_t which) {
  return {.name = name,
          .kind = Kind::kPairFd,
          .argument = argument,
          .offset = which,
          .collect = SAKER_ARGUMENT_FD_PAIR};
}

inline constexpr Parameter kRes = special("res", Kind::kResult);
inline constexpr Parameter kResultFd = special("fd", Kind::kResultFd);
inline constexpr Parameter kResultFdRes = special("res", Kind::kResultFd);
inline constexpr Parameter kVmSize = special("vm_size", Kind::kVmSize);
inline constexpr Parameter kVmRss = special("vm_rss", Kind::kVmRss);
inline constexpr Parameter kVmSwap = special("vm_swap", Kind::kVmSwap);
inline constexpr Parameter kResultOnly[] = {kRes};

}  // namespace rows
}  // namespace saker::event
