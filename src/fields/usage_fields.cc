// What a task uses and has open: memory, faults, CPU time, descriptors, cgroups. The probe brings it for
// records while some rule asks (Field::details); for an event that came without it, all are missing.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "event/details.h"
#include "fields/arena_text.h"
#include "fields/cgroup_text.h"
#include "fields/descriptor.h"
#include "fields/field_rows.h"
#include "state/process_table.h"

namespace saker::fields {
namespace {

using Usage = std::optional<saker_usage>;

template <auto kMember>
Value number(const Subject& s) {
  const Usage usage = event::usage_of(*s.event);
  return usage ? Value::unsigned_integer(usage.value().*kMember) : Value();
}

// Nothing when there were too many to count.
std::optional<std::uint64_t> open_files(const Usage& usage) {
  return usage && usage->files != UINT32_MAX ? std::optional<std::uint64_t>(usage->files) : std::nullopt;
}
Value fdopencount(const Subject& s) {
  const auto open = open_files(event::usage_of(*s.event));
  return open ? Value::unsigned_integer(*open) : Value();
}
Value fdlimit(const Subject& s) {
  const Usage usage = event::usage_of(*s.event);
  return usage ? Value::integer(static_cast<std::int64_t>(usage->files_max)) : Value();
}
Value fdusage(const Subject& s) {
  const Usage usage = event::usage_of(*s.event);
  const auto open = open_files(usage);
  if (!open || usage->files_max == 0) return {};
  return Value::integer(static_cast<std::int64_t>(*open * 100 / usage->files_max));
}
Value nchilds(const Subject& s) {
  const Usage usage = event::usage_of(*s.event);
  return usage ? Value::unsigned_integer(usage->threads > 0 ? usage->threads - 1 : 0) : Value();
}

// Of a first thread the process's memory, of others 0, so that a sum over threads counts it once.
template <auto kMember, std::uint64_t kUnit>
Value thread_memory(const Subject& s) {
  const Usage usage = event::usage_of(*s.event);
  if (!usage) return {};
  return Value::unsigned_integer(s.event->task.main_thread ? usage.value().*kMember * kUnit : 0);
}

// Percent of one CPU, over the life of the thread.
template <auto kMember>
Value cpu_share(const Subject& s) {
  const Usage usage = event::usage_of(*s.event);
  if (!usage || usage->thread_start_ns == 0 || usage->thread_start_ns >= s.event->time_ns) return {};
  const double lived = static_cast<double>(s.event->time_ns - usage->thread_start_ns);
  const double share = 100.0 * static_cast<double>(usage.value().*kMember) / lived;
  return Value::integer(static_cast<std::int64_t>(share));
}

// --- cgroups

Value cgroups(const Subject& s, Arena& arena) {
  const std::string text = cgroup_text(s, ' ');
  return text.empty() ? Value() : Value::text(arena.copy(text));
}
Value cgroup(const Subject& s, const Argument& argument) {
  const std::string_view path = cgroup_path(s, argument.key);
  return path.empty() ? Value() : Value::text(path);
}

// --- descriptors

template <std::uint32_t kFd>
Value standard_type(const Subject& s) {
  const auto descriptor = event::standard_descriptor(*s.event, kFd);
  const std::string_view type = descriptor ? type_of(*descriptor) : std::string_view();
  return type.empty() ? Value() : Value::text(type);
}
template <std::uint32_t kFd>
Value standard_name(const Subject& s, Arena& arena) {
  const auto descriptor = event::standard_descriptor(*s.event, kFd);
  return descriptor ? Value::text(descriptor_name(s, *descriptor, arena)) : Value();
}

// Each type once, in the order of the descriptors; of one descriptor a list of its own type.
Value types(const Subject& s, const Argument& argument, Arena& arena) {
  const auto open = event::open_descriptors(*s.event);
  if (!open) return {};
  std::vector<std::string_view> found;
  for (const event::Descriptor& descriptor : *open) {
    if (argument.kind == Argument::Kind::kIndex && descriptor.fd != argument.index) continue;
    const std::string_view type = type_of(descriptor);
    if (!type.empty() && std::ranges::find(found, type) == found.end()) found.push_back(type);
  }
  if (found.empty()) return {};
  const std::span<Value> values = arena.array<Value>(found.size());
  std::ranges::transform(found, values.begin(), [](std::string_view type) { return Value::text(type); });
  return Value::list(values);
}

// What is asked of each polled descriptor, joined with commas; missing for calls that poll nothing.
template <class Ask>
Value of_polled(const Subject& s, Arena& arena, Ask ask) {
  std::string all;
  for (const event::Descriptor& descriptor : event::polled_descriptors(*s.event)) {
    const std::string one = ask(descriptor);
    if (!one.empty()) fmt::format_to(std::back_inserter(all), "{}{}", all.empty() ? "" : ",", one);
  }
  return all.empty() ? Value() : Value::text(arena.copy(all));
}
Value polled_numbers(const Subject& s, Arena& arena) {
  return of_polled(s, arena, [](const event::Descriptor& polled) { return std::to_string(polled.fd); });
}
Value polled_names(const Subject& s, Arena& arena) {
  return of_polled(s, arena, [&](const event::Descriptor& polled) {
    return std::string(descriptor_name(s, polled, arena));
  });
}
template <bool kClient>
const Endpoint& end_of(const Connection& connection) {
  return kClient ? connection.client() : connection.server();
}
template <bool kClient>
Value polled_addresses(const Subject& s, Arena& arena) {
  return of_polled(s, arena, [&](const event::Descriptor& polled) {
    const auto connection = connection_of(s, polled);
    if (!connection || !end_of<kClient>(*connection).known()) return std::string();
    return std::string(ip_text(end_of<kClient>(*connection).ip, arena));
  });
}
template <bool kClient>
Value polled_ports(const Subject& s, Arena& arena) {
  return of_polled(s, arena, [&](const event::Descriptor& polled) {
    const auto connection = connection_of(s, polled);
    if (!connection || !end_of<kClient>(*connection).known()) return std::string();
    return std::to_string(end_of<kClient>(*connection).port);
  });
}

using enum Type;
using U = saker_usage;

constexpr Field usage(std::string_view name, Type type, Reader read, std::string_view help,
                      std::uint8_t flags = kNoFlags) {
  return {
      .name = name, .type = type, .flags = flags, .details = SAKER_DETAIL_USAGE, .help = help, .read = read};
}
constexpr Field standard(std::string_view name, Reader read, std::string_view help) {
  return {.name = name, .details = SAKER_DETAIL_STANDARD, .help = help, .read = read};
}

constexpr Field kRows[] = {
    usage("proc.fdopencount", kUint64, reader<fdopencount>, "How many descriptors are open."),
    usage("proc.fdlimit", kInt64, reader<fdlimit>, "How many descriptors may be open."),
    usage("proc.fdusage", kDouble, reader<fdusage>, "Open descriptors in whole percent of the limit."),
    usage("proc.vmsize", kUint64, reader<number<&U::vm_kb>>, "Virtual memory in kB."),
    usage("proc.vmrss", kUint64, reader<number<&U::rss_kb>>, "Resident memory in kB."),
    usage("proc.vmswap", kUint64, reader<number<&U::swap_kb>>, "Swapped memory in kB."),
    usage("thread.pfmajor", kUint64, reader<number<&U::major_faults>>,
          "Page faults that had to read a disk."),
    usage("thread.pfminor", kUint64, reader<number<&U::minor_faults>>, "Page faults that did not."),
    usage("thread.exectime", kRelTime, reader<number<&U::slice_ns>>, "CPU time of the current slice."),
    usage("thread.totexectime", kRelTime, reader<number<&U::run_ns>>, "CPU time of all slices."),
    usage("proc.nthreads", kUint64, reader<number<&U::threads>>, "How many threads are alive."),
    usage("proc.nchilds", kUint64, reader<nchilds>, "How many threads are alive besides the first."),
    usage("thread.cpu", kDouble, reader<cpu_share<&U::run_ns>>,
          "Share of a CPU since the thread began, in whole percent."),
    usage("thread.cpu.user", kDouble, reader<cpu_share<&U::user_ns>>, "thread.cpu in user mode."),
    usage("thread.cpu.system", kDouble, reader<cpu_share<&U::system_ns>>, "thread.cpu in the kernel."),
    usage("thread.vmsize", kUint64, reader<thread_memory<&U::vm_kb, 1>>,
          "proc.vmsize of a first thread, 0 of others."),
    usage("thread.vmrss", kUint64, reader<thread_memory<&U::rss_kb, 1>>,
          "proc.vmrss of a first thread, 0 of others."),
    usage("thread.vmsize.b", kUint64, reader<thread_memory<&U::vm_kb, 1024>>, "thread.vmsize in bytes.",
          kHidden),
    usage("thread.vmrss.b", kUint64, reader<thread_memory<&U::rss_kb, 1024>>, "thread.vmrss in bytes.",
          kHidden),
    {.name = "thread.cgroups",
     .details = SAKER_DETAIL_CGROUPS,
     .help = "All cgroups as name=path.",
     .read = reader<cgroups>},
    {.name = "thread.cgroup",
     .argument = ArgumentKind::kRequiredDotName,
     .details = SAKER_DETAIL_CGROUPS,
     .help = "Path in one cgroup hierarchy.",
     .read = [](const Subject& s, const Argument& argument, Arena&) { return cgroup(s, argument); }},
    standard("proc.stdin.type", reader<standard_type<0>>, "fd.type of descriptor 0."),
    standard("proc.stdout.type", reader<standard_type<1>>, "fd.type of descriptor 1."),
    standard("proc.stderr.type", reader<standard_type<2>>, "fd.type of descriptor 2."),
    standard("proc.stdin.name", reader<standard_name<0>>, "fd.name of descriptor 0."),
    standard("proc.stdout.name", reader<standard_name<1>>, "fd.name of descriptor 1."),
    standard("proc.stderr.name", reader<standard_name<2>>, "fd.name of descriptor 2."),
    {.name = "fd.types",
     .argument = ArgumentKind::kOptionalIndex,
     .flags = kList | kNoRhs,
     .details = SAKER_DETAIL_FILES,
     .help = "The types of all open descriptors, or of one.",
     .read = reader<types>},
    {.name = "fdlist.nums",
     .help = "The descriptors a poll waits for, with commas.",
     .read = reader<polled_numbers>},
    {.name = "fdlist.names", .help = "Their names, with commas.", .read = reader<polled_names>},
    {.name = "fdlist.cips",
     .help = "Their clients' addresses, with commas.",
     .read = reader<polled_addresses<true>>},
    {.name = "fdlist.sips",
     .help = "Their servers' addresses, with commas.",
     .read = reader<polled_addresses<false>>},
    {.name = "fdlist.cports",
     .help = "Their clients' ports, with commas.",
     .read = reader<polled_ports<true>>},
    {.name = "fdlist.sports",
     .help = "Their servers' ports, with commas.",
     .read = reader<polled_ports<false>>},
};

}  // namespace

std::span<const Field> usage_fields() { return kRows; }

}  // namespace saker::fields
