#include "app/memory_budget.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <string>

#include "base/file.h"
#include "base/log.h"
#include "capture/ring_layout.h"

namespace saker::app {
namespace {

constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 50;  // v1 says "no limit" by a huge number
constexpr std::uint32_t kRingBytesMin = 65'536;               // more than the largest record

std::optional<std::uint64_t> read_limit(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return std::nullopt;
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), bytes);
  if (error != std::errc() || bytes >= kUnlimited) return std::nullopt;  // "max"
  return bytes;
}

std::string own_path(const std::string& cgroups, std::string_view key) {
  const std::size_t at = cgroups.find(key);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + key.size();
  return cgroups.substr(begin, cgroups.find('\n', begin) - begin);
}

}  // namespace

std::optional<std::uint64_t> memory_limit() {
  const std::string cgroups = read_file("/proc/self/cgroup").value_or("");
  std::optional<std::uint64_t> least;
  // In a container its own cgroup is mounted at the top.
  for (const std::string& path :
       {"/sys/fs/cgroup" + own_path(cgroups, "0::") + "/memory.max", std::string("/sys/fs/cgroup/memory.max"),
        "/sys/fs/cgroup/memory" + own_path(cgroups, "memory:") + "/memory.limit_in_bytes",
        std::string("/sys/fs/cgroup/memory/memory.limit_in_bytes")}) {
    if (const auto limit = read_limit(path)) least = std::min(least.value_or(*limit), *limit);
  }
  return least;
}

void fit_into(std::uint64_t limit_bytes, std::uint32_t cpus, Config& config) {
  const auto lower = [&](const char* what, auto& value, std::uint64_t fits) {
    if (value <= fits) return;
    log(LogLevel::kInfo, "{}: {}, to fit into {} MiB of memory", what, fits, limit_bytes / (1024 * 1024));
    value = static_cast<std::remove_reference_t<decltype(value)>>(fits);
  };
  // An eighth for all that waits in outputs, of which there are seldom more than two that wait; three eighths
  // for processes, however many; a quarter for ring buffers, which the kernel counts as the agent's. The rest
  // is for rules and kernel maps, which do not grow.
  lower("saker.outputs_queue_bytes", config.outputs.queue.bytes_max,
        std::max<std::uint64_t>(65'536, limit_bytes / 16));
  lower("saker.processes_bytes", config.processes.bytes_max,
        std::max<std::uint64_t>(1024 * 1024, limit_bytes / 8 * 3));
  const std::uint64_t for_rings = limit_bytes / 4;
  capture::DriverOptions& driver = config.driver;
  const auto rings = [&] {
    return capture::ring_layout(cpus, driver.cpus_per_ring, driver.ring_bytes,
                                static_cast<std::uint32_t>(sysconf(_SC_PAGESIZE)));
  };
  lower("saker.ring_bytes", driver.ring_bytes,
        std::max<std::uint64_t>(kRingBytesMin, std::bit_floor(for_rings / rings().rings)));
  const std::uint64_t rings_max = std::max<std::uint64_t>(1, for_rings / rings().bytes);
  if (rings().rings <= rings_max) return;
  driver.cpus_per_ring = static_cast<std::uint32_t>((cpus + rings_max - 1) / rings_max);
  log(LogLevel::kInfo, "engine.modern_ebpf.cpus_for_each_buffer: {}, to fit into {} MiB of memory",
      driver.cpus_per_ring, limit_bytes / (1024 * 1024));
}

}  // namespace saker::app
