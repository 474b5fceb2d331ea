// evt.* and syscall.type: the event itself.
#include <algorithm>
#include <iterator>

#include "event/open_flags.h"
#include "event/schema.h"
#include "fields/arena_text.h"
#include "fields/descriptor.h"
#include "fields/evt_text.h"
#include "fields/field_rows.h"
#include "fields/flags.h"
#include "fields/names.h"
#include "fields/parameters.h"

namespace saker::fields {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint32_t kExecuteBits = 0111;

template <std::uint64_t kNumber>
Value always(const Subject&) {
  return Value::unsigned_integer(kNumber);
}
Value never(const Subject&) { return Value::boolean(false); }

template <TimeStyle kStyle>
Value time(const Subject& s, Arena& arena) {
  return Value::text(time_text(s.event->wall_ns, kStyle, arena));
}

Value rawtime(const Subject& s) { return Value::unsigned_integer(s.event->wall_ns); }
Value rawtime_s(const Subject& s) { return Value::unsigned_integer(s.event->wall_ns / kSecond); }
Value rawtime_ns(const Subject& s) { return Value::unsigned_integer(s.event->wall_ns % kSecond); }

// Events of two CPUs may come a moment out of order: then nothing has passed.
template <std::uint64_t Subject::* kSince>
std::uint64_t passed_since(const Subject& s) {
  const std::uint64_t since = s.*kSince;
  return since == 0 || s.event->wall_ns < since ? 0 : s.event->wall_ns - since;
}
template <std::uint64_t Subject::* kSince>
Value passed(const Subject& s) {
  return Value::unsigned_integer(passed_since<kSince>(s));
}
template <std::uint64_t Subject::* kSince>
Value passed_s(const Subject& s) {
  return Value::unsigned_integer(passed_since<kSince>(s) / kSecond);
}
template <std::uint64_t Subject::* kSince>
Value passed_ns(const Subject& s) {
  return Value::unsigned_integer(passed_since<kSince>(s) % kSecond);
}

// The end of a process is no call: Falco numbers it as an entry, and it has no result.
bool is_call(const Subject& s) { return s.event->type != event::kProcexit; }

Value dir(const Subject& s) { return Value::text(is_call(s) ? "<" : ">"); }
Value type(const Subject& s) { return Value::text(event::type_name(s.event->type)); }
Value syscall_type(const Subject& s) { return is_call(s) ? type(s) : Value(); }
Value type_is(const Subject& s, const Argument& argument, Arena&) {
  return Value::unsigned_integer(event::type_name(s.event->type) == argument.key ? 1 : 0);
}
Value category(const Subject& s) {
  const event::Schema* schema = event::find_schema(s.event->type);
  return Value::text(event::category_name(schema == nullptr ? event::Category::kOther : schema->category));
}

Value args(const Subject& s, Arena& arena) { return Value::text(all_parameters_text(s, arena)); }

const event::Parameter* parameter_of(const Subject& s, const Argument& argument) {
  if (argument.kind == Argument::Kind::kKey) return event::find_parameter(s.event->type, argument.key);
  const event::Schema* schema = event::find_schema(s.event->type);
  const auto index = static_cast<std::uint64_t>(argument.index);
  return schema != nullptr && index < schema->parameters.size() ? &schema->parameters[index] : nullptr;
}
Value arg(const Subject& s, const Argument& argument, Arena& arena) {
  const event::Parameter* parameter = parameter_of(s, argument);
  return parameter == nullptr ? Value() : parameter_text(*parameter, s, arena);
}
Value rawarg(const Subject& s, const Argument& argument, Arena& arena) {
  const event::Parameter* parameter = parameter_of(s, argument);
  return parameter == nullptr ? Value() : parameter_value(*parameter, s, arena);
}

// An event that carries nothing but its name has no result either.
bool has_result(const Subject& s) {
  return s.event->has_result() && event::find_schema(s.event->type) != nullptr;
}

Value res(const Subject& s) {
  if (!has_result(s)) return {};
  const std::int64_t result = s.event->result();
  return Value::text(result >= 0 ? "SUCCESS" : errno_name(-result));
}
Value rawres(const Subject& s) { return has_result(s) ? Value::integer(s.event->result()) : Value(); }
Value failed(const Subject& s) { return has_result(s) ? Value::boolean(s.event->result() < 0) : Value(); }
Value count_error(const Subject& s) {
  return has_result(s) ? Value::unsigned_integer(s.event->result() < 0 ? 1 : 0) : Value();
}
// What kind of thing the call worked on, or tried to.
enum class Worked { kFile, kNet, kMemory, kOther };
Worked worked_on(const Subject& s) {
  const event::Schema* schema = event::find_schema(s.event->type);
  if (s.event->is_open() || (schema != nullptr && schema->category == event::Category::kFile))
    return Worked::kFile;
  if (schema != nullptr && schema->category == event::Category::kNet) return Worked::kNet;
  if (schema != nullptr && schema->category == event::Category::kMemory) return Worked::kMemory;
  const event::Descriptor* descriptor = main_descriptor_of(s);
  if (descriptor == nullptr) return Worked::kOther;
  if (descriptor->kind == SAKER_DESCRIPTOR_SOCKET) return Worked::kNet;
  return descriptor->kind == SAKER_DESCRIPTOR_FILE ? Worked::kFile : Worked::kOther;
}
template <Worked kWhat>
Value count_error_of(const Subject& s) {
  return worked_on(s) == kWhat ? count_error(s) : Value();
}

std::uint8_t traits_of(const Subject& s) {
  const event::Schema* schema = event::find_schema(s.event->type);
  return schema == nullptr ? std::uint8_t{0} : schema->traits;
}
template <std::uint8_t kTraits>
Value has_trait(const Subject& s) {
  return Value::boolean((traits_of(s) & kTraits) != 0);
}
Value io_dir(const Subject& s) {
  const std::uint8_t traits = traits_of(s);
  if ((traits & event::kReads) != 0) return Value::text("read");
  return (traits & event::kWrites) != 0 ? Value::text("write") : Value();
}
Value buffer(const Subject& s, Arena& arena) {
  if ((traits_of(s) & (event::kReads | event::kWrites)) == 0) return {};
  const event::Parameter* data = event::find_parameter(s.event->type, "data");
  return data == nullptr ? Value() : parameter_value(*data, s, arena);
}
// What was really read or written, of the wanted directions and things.
template <std::uint8_t kDirections, int kWhat = -1>
Value buflen(const Subject& s) {
  if ((traits_of(s) & kDirections) == 0 || s.event->result() < 0) return {};
  if (kWhat >= 0 && worked_on(s) != static_cast<Worked>(kWhat)) return {};
  return Value::unsigned_integer(static_cast<std::uint64_t>(s.event->result()));
}
constexpr std::uint8_t kIn = event::kReads, kOut = event::kWrites, kInOut = kIn | kOut;
constexpr int kOfFile = static_cast<int>(Worked::kFile), kOfNet = static_cast<int>(Worked::kNet);
Value is_syslog(const Subject& s) {
  const event::Descriptor* descriptor = main_descriptor_of(s);
  const bool log = descriptor != nullptr && descriptor->name.bytes.find("/dev/log") != std::string_view::npos;
  return Value::boolean(log && (traits_of(s) & event::kWrites) != 0);
}

Value count_exit(const Subject& s) { return is_call(s) ? Value::unsigned_integer(1) : Value(); }

// creat has no flags of its own and counts for evt.is_open_exec only.
const event::File* opened_with_flags(const Subject& s) {
  return s.event->type == event::kCreat ? nullptr : opened(s);
}
template <std::uint32_t kFlag>
Value is_open(const Subject& s) {
  const event::File* file = opened_with_flags(s);
  return Value::boolean(file != nullptr && (file->flags & kFlag) != 0);
}
Value is_open_create(const Subject& s) {
  const event::File* file = opened_with_flags(s);
  return Value::boolean(file != nullptr && file->result >= 0 &&
                        (file->flags & (event::kOpenCreated | event::kOpenTmpfile)) != 0);
}
Value is_open_exec(const Subject& s) {
  const event::File* file = opened(s);
  if (file == nullptr || (file->mode & kExecuteBits) == 0) return Value::boolean(false);
  return Value::boolean(s.event->type == event::kCreat ||
                        (file->flags & (event::kOpenCreat | event::kOpenTmpfile)) != 0);
}

// Milliseconds between the event and that time, rounded up.
Value around(const Subject& s, const Argument& argument, Arena&) {
  constexpr std::uint64_t kMillisecond = 1'000'000;
  const auto when = static_cast<std::uint64_t>(argument.index);
  const std::uint64_t now = s.event->wall_ns;
  const std::uint64_t apart = now > when ? now - when : when - now;
  return Value::unsigned_integer((apart + kMillisecond - 1) / kMillisecond);
}

constexpr std::string_view kPathWords[] = {"src", "dst"};
std::span<const std::string_view> path_words() { return kPathWords; }

// The calls whose two paths each have a directory of their own, and unlinkat.
bool has_abspath(std::string_view type) {
  constexpr std::string_view kCalls[] = {"linkat", "renameat", "renameat2", "symlinkat", "unlinkat"};
  return std::ranges::find(kCalls, type) != std::end(kCalls);
}

Value call_abspath(const Subject& s, std::size_t which, Arena& arena) {
  const event::Schema* schema = event::find_schema(s.event->type);
  if (schema == nullptr || !has_abspath(schema->name)) return {};
  for (const event::Parameter& parameter : schema->parameters) {
    if (parameter.kind != event::ParameterKind::kRelativePath || which-- != 0) continue;
    const std::string_view path = parameter_path(parameter, s, arena);
    return path.empty() ? Value() : Value::text(path);
  }
  return {};
}

// Unlike fd.name, an unknown directory here ends with a slash.
Value abspath(const Subject& s, const Argument& argument, Arena& arena) {
  const bool second = argument.key == "dst";
  const event::File* file = opened_with_flags(s);
  if (file == nullptr) return call_abspath(s, second ? 1 : 0, arena);
  if (s.event->type == event::kOpen || second) return {};
  const std::string_view name = file_name(*file, 0, arena);
  const bool unknown = file->name.present && name.starts_with(kUnknownDirectory);
  if (unknown) return Value::text(join_path("<UNKNOWN>/", file->name.bytes, arena));
  return name.empty() ? Value() : Value::text(name);
}

using enum Type;
constexpr auto kDyn = ArgumentKind::kRequiredNameOrIndex;
constexpr std::uint8_t kTwoWay = kNoTransformer | kNoRhs;

constexpr Field kRows[] = {
    {.name = "evt.num",
     .type = kUint64,
     .help = "Number of the event, counted from 1 since the start.",
     .read = reader<[](const Subject& s) { return Value::unsigned_integer(s.event->number); }>},
    {.name = "evt.time",
     .format = Format::kTime,
     .help = "Local time of day with nanoseconds.",
     .read = reader<time<TimeStyle::kTime>>},
    {.name = "evt.time.s",
     .format = Format::kTime,
     .help = "Local time of day in whole seconds.",
     .read = reader<time<TimeStyle::kTimeSeconds>>},
    {.name = "evt.time.iso8601",
     .format = Format::kTime,
     .help = "Date and time in UTC as ISO 8601 writes it.",
     .read = reader<time<TimeStyle::kIso8601>>},
    {.name = "evt.datetime",
     .format = Format::kTime,
     .help = "Local date and time with nanoseconds.",
     .read = reader<time<TimeStyle::kDateTime>>},
    {.name = "evt.datetime.s",
     .format = Format::kTime,
     .help = "Local date and time in whole seconds.",
     .read = reader<time<TimeStyle::kDateTimeSeconds>>},
    {.name = "evt.rawtime",
     .type = kAbsTime,
     .help = "Time in nanoseconds since the epoch.",
     .read = reader<rawtime>},
    {.name = "evt.rawtime.s",
     .type = kAbsTime,
     .help = "The seconds of evt.rawtime.",
     .read = reader<rawtime_s>},
    {.name = "evt.rawtime.ns",
     .type = kAbsTime,
     .help = "What evt.rawtime has beyond whole seconds.",
     .read = reader<rawtime_ns>},
    {.name = "evt.reltime",
     .type = kRelTime,
     .help = "Nanoseconds since the first event.",
     .read = reader<passed<&Subject::first_wall_ns>>},
    {.name = "evt.reltime.s",
     .type = kRelTime,
     .help = "The seconds of evt.reltime.",
     .read = reader<passed_s<&Subject::first_wall_ns>>},
    {.name = "evt.reltime.ns",
     .type = kRelTime,
     .help = "What evt.reltime has beyond whole seconds.",
     .read = reader<passed_ns<&Subject::first_wall_ns>>},
    {.name = "evt.pluginname",
     .never = true,
     .help = "The plugin that made the event; none for system calls."},
    {.name = "evt.plugininfo",
     .never = true,
     .help = "The event in its plugin's words; none for system calls."},
    {.name = "evt.source",
     .few_values = true,
     .help = "Where the event is from: syscall.",
     .read = reader<[](const Subject&) { return Value::text("syscall"); }>},
    {.name = "evt.is_async",
     .type = kBool,
     .help = "True for events that the engine itself injects.",
     .read = reader<never>},
    {.name = "evt.asynctype", .never = true, .help = "Name of an injected event; none for system calls."},
    {.name = "evt.hostname",
     .help = "Name of the host.",
     .read = reader<[](const Subject& s) { return Value::text(s.hostname); }>},
    {.name = "evt.latency",
     .type = kRelTime,
     .flags = kDeprecated,
     .help = "Always 0; old rules name it.",
     .read = reader<always<0>>},
    {.name = "evt.latency.s",
     .type = kRelTime,
     .flags = kDeprecated,
     .help = "Always 0; old rules name it.",
     .read = reader<always<0>>},
    {.name = "evt.latency.ns",
     .type = kRelTime,
     .flags = kDeprecated,
     .help = "Always 0; old rules name it.",
     .read = reader<always<0>>},
    {.name = "evt.latency.quantized", .type = kUint64, .flags = kHidden | kDeprecated, .help = "Retired."},
    {.name = "evt.latency.human",
     .flags = kDeprecated,
     .help = "Always 0ns; old rules name it.",
     .read = reader<[](const Subject&) { return Value::text("0ns"); }>},
    {.name = "evt.deltatime",
     .type = kRelTime,
     .help = "Nanoseconds since the event before.",
     .read = reader<passed<&Subject::previous_wall_ns>>},
    {.name = "evt.deltatime.s",
     .type = kRelTime,
     .help = "The seconds of evt.deltatime.",
     .read = reader<passed_s<&Subject::previous_wall_ns>>},
    {.name = "evt.deltatime.ns",
     .type = kRelTime,
     .help = "What evt.deltatime has beyond whole seconds.",
     .read = reader<passed_ns<&Subject::previous_wall_ns>>},
    {.name = "evt.outputtime",
     .flags = kPrintOnly,
     .help = "The time as outputs begin with it.",
     .read = reader<time<TimeStyle::kTime>>},
    {.name = "evt.dir",
     .flags = kDeprecated,
     .few_values = true,
     .help = "< for what a call did, > for the end of a process.",
     .read = reader<dir>},
    {.name = "evt.type", .help = "Name of the event: mostly that of the system call.", .read = reader<type>},
    {.name = "evt.type.is",
     .type = kUint32,
     .argument = ArgumentKind::kRequiredDotName,
     .help = "1 when the event has the name after the dot, else 0.",
     .read = reader<type_is>,
     .words = event::type_names},
    {.name = "syscall.type",
     .help = "Name of the system call; none when the event is not one.",
     .read = reader<syscall_type>},
    {.name = "evt.category",
     .few_values = true,
     .help = "Kind of event: file, process, net and so on.",
     .read = reader<category>},
    {.name = "evt.cpu",
     .type = kInt16,
     .help = "The CPU it happened on.",
     .read =
         reader<[](const Subject& s) { return Value::integer(static_cast<std::int16_t>(s.event->cpu)); }>},
    {.name = "evt.args", .help = "All parameters as name=value, side by side.", .read = reader<args>},
    {.name = "evt.arg",
     .argument = kDyn,
     .help = "One parameter as text, by its name or position.",
     .read = reader<arg>,
     .words = event::parameter_names},
    {.name = "evt.rawarg",
     .type = kDynamic,
     .argument = ArgumentKind::kRequiredDotName,
     .flags = kTwoWay,
     .help = "One parameter by its name, as the number or text it is.",
     .read = reader<rawarg>,
     .words = event::parameter_names},
    {.name = "evt.info", .help = "The same as evt.args.", .read = reader<args>},
    {.name = "evt.buffer",
     .type = kBytes,
     .help = "The bytes that were read, written, sent or received.",
     .read = reader<buffer>},
    {.name = "evt.buflen",
     .type = kUint64,
     .help = "How many bytes evt.buffer stands for.",
     .read = reader<buflen<kInOut>>},
    {.name = "evt.res", .few_values = true, .help = "SUCCESS or the name of the error.", .read = reader<res>},
    {.name = "evt.rawres",
     .type = kInt64,
     .help = "The number that the call returned.",
     .read = reader<rawres>},
    {.name = "evt.failed",
     .type = kBool,
     .help = "True when the call returned an error.",
     .read = reader<failed>},
    {.name = "evt.is_io",
     .type = kBool,
     .help = "True for calls that read or write.",
     .read = reader<has_trait<kInOut>>},
    {.name = "evt.is_io_read",
     .type = kBool,
     .help = "True for calls that read.",
     .read = reader<has_trait<kIn>>},
    {.name = "evt.is_io_write",
     .type = kBool,
     .help = "True for calls that write.",
     .read = reader<has_trait<kOut>>},
    {.name = "evt.io_dir",
     .few_values = true,
     .help = "read or write; none for other calls.",
     .read = reader<io_dir>},
    {.name = "evt.is_wait",
     .type = kBool,
     .help = "True for calls that make their thread wait.",
     .read = reader<has_trait<event::kWaits>>},
    {.name = "evt.is_io_uring",
     .type = kBool,
     .help = "True for a call that came through an io_uring (Saker's own field).",
     .read = reader<[](const Subject& s) { return Value::boolean(s.event->task.from_ring); }>},
    {.name = "evt.wait_latency", .type = kRelTime, .flags = kDeprecated, .never = true, .help = "Retired."},
    {.name = "evt.is_syslog",
     .type = kBool,
     .help = "True for a message to syslog.",
     .read = reader<is_syslog>},
    {.name = "evt.count", .type = kUint32, .help = "1, for sums.", .read = reader<always<1>>},
    {.name = "evt.count.error",
     .type = kUint32,
     .help = "1 for a call that failed, 0 for one that did not.",
     .read = reader<count_error>},
    {.name = "evt.count.error.file",
     .type = kUint32,
     .help = "evt.count.error of calls on files.",
     .read = reader<count_error_of<Worked::kFile>>},
    {.name = "evt.count.error.net",
     .type = kUint32,
     .help = "evt.count.error of calls on sockets.",
     .read = reader<count_error_of<Worked::kNet>>},
    {.name = "evt.count.error.memory",
     .type = kUint32,
     .help = "evt.count.error of calls on memory.",
     .read = reader<count_error_of<Worked::kMemory>>},
    {.name = "evt.count.error.other",
     .type = kUint32,
     .help = "evt.count.error of all other calls.",
     .read = reader<count_error_of<Worked::kOther>>},
    {.name = "evt.count.exit",
     .type = kUint32,
     .help = "1 when a call came back.",
     .read = reader<count_exit>},
    {.name = "evt.count.procinfo", .type = kUint32, .flags = kHidden, .help = "Retired."},
    {.name = "evt.count.threadinfo", .type = kUint32, .flags = kHidden, .help = "Retired."},
    {.name = "evt.around",
     .type = kUint64,
     .argument = ArgumentKind::kRequiredTime,
     .flags = kFilterOnly | kTwoWay,
     .help = "evt.around[T] = D holds within D milliseconds of T.",
     .read = reader<around>},
    {.name = "evt.abspath",
     .argument = ArgumentKind::kOptionalDotName,
     .help = "The path parameter made absolute; .src and .dst choose one of two.",
     .read = reader<abspath>,
     .words = path_words},
    {.name = "evt.buflen.in",
     .type = kUint64,
     .flags = kHidden,
     .help = "evt.buflen of what came in.",
     .read = reader<buflen<kIn>>},
    {.name = "evt.buflen.out",
     .type = kUint64,
     .flags = kHidden,
     .help = "evt.buflen of what went out.",
     .read = reader<buflen<kOut>>},
    {.name = "evt.buflen.file",
     .type = kUint64,
     .flags = kHidden,
     .help = "evt.buflen on files.",
     .read = reader<buflen<kInOut, kOfFile>>},
    {.name = "evt.buflen.file.in",
     .type = kUint64,
     .flags = kHidden,
     .help = "evt.buflen read from files.",
     .read = reader<buflen<kIn, kOfFile>>},
    {.name = "evt.buflen.file.out",
     .type = kUint64,
     .flags = kHidden,
     .help = "evt.buflen written to files.",
     .read = reader<buflen<kOut, kOfFile>>},
    {.name = "evt.buflen.net",
     .type = kUint64,
     .flags = kHidden,
     .help = "evt.buflen on sockets.",
     .read = reader<buflen<kInOut, kOfNet>>},
    {.name = "evt.buflen.net.in",
     .type = kUint64,
     .flags = kHidden,
     .help = "evt.buflen received.",
     .read = reader<buflen<kIn, kOfNet>>},
    {.name = "evt.buflen.net.out",
     .type = kUint64,
     .flags = kHidden,
     .help = "evt.buflen sent.",
     .read = reader<buflen<kOut, kOfNet>>},
    {.name = "evt.is_open_read",
     .type = kBool,
     .help = "True for an open that asks to read.",
     .read = reader<is_open<event::kOpenRead>>},
    {.name = "evt.is_open_write",
     .type = kBool,
     .help = "True for an open that asks to write.",
     .read = reader<is_open<event::kOpenWrite>>},
    {.name = "evt.infra.docker.name", .flags = kHidden, .help = "Retired."},
    {.name = "evt.infra.docker.container.id", .flags = kHidden, .help = "Retired."},
    {.name = "evt.infra.docker.container.name", .flags = kHidden, .help = "Retired."},
    {.name = "evt.infra.docker.container.image", .flags = kHidden, .help = "Retired."},
    {.name = "evt.is_open_exec",
     .type = kBool,
     .help = "True for an open that would make an executable file.",
     .read = reader<is_open_exec>},
    {.name = "evt.is_open_create",
     .type = kBool,
     .help = "True for an open that did make a file.",
     .read = reader<is_open_create>},
};

}  // namespace

std::span<const Field> evt_fields() { return kRows; }

}  // namespace saker::fields
