#include "observe/host_facts.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

#include "base/clock.h"
#include "base/file.h"

namespace saker::observe {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

// The number behind `key` in a text of lines like "VmRSS:   1234 kB".
std::uint64_t number_after(std::string_view text, std::string_view key) {
  for (std::size_t at = 0; (at = text.find(key, at)) != std::string_view::npos; at += key.size()) {
    if (at != 0 && text[at - 1] != '\n') continue;
    std::size_t digits = text.find_first_of("0123456789", at + key.size());
    if (digits == std::string_view::npos) return 0;
    std::uint64_t number = 0;
    std::from_chars(text.data() + digits, text.data() + text.size(), number);
    return number;
  }
  return 0;
}

std::string text_of(const std::string& path) { return read_file(path).value_or(""); }

// The agent's own cgroup: v2, else the v1 memory controller.
std::optional<std::uint64_t> container_bytes() {
  const std::string mine = text_of("/proc/self/cgroup");
  const auto read = [](const std::string& path) -> std::optional<std::uint64_t> {
    const std::string text = text_of(path);
    std::uint64_t number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc())
      return std::nullopt;
    return number;
  };
  const auto path_after = [&](std::string_view key) -> std::string {
    const std::size_t at = mine.find(key);
    if (at == std::string::npos) return "";
    const std::size_t begin = at + key.size();
    return mine.substr(begin, mine.find('\n', begin) - begin);
  };
  // In a container, its own cgroup is mounted at the top.
  for (const std::string& path : {"/sys/fs/cgroup" + path_after("0::") + "/memory.current",
                                  std::string("/sys/fs/cgroup/memory.current"),
                                  "/sys/fs/cgroup/memory" + path_after("memory:") + "/memory.usage_in_bytes",
                                  std::string("/sys/fs/cgroup/memory/memory.usage_in_bytes")}) {
    if (const auto bytes = read(path)) return bytes;
  }
  return std::nullopt;
}

// Busy and total jiffies of all CPUs, from the first line of /proc/stat.
double busy_share(std::string_view stat) {
  std::uint64_t busy = 0, total = 0, index = 0;
  const std::string_view line = stat.substr(0, stat.find('\n'));
  for (std::size_t at = line.find(' '); at != std::string_view::npos;) {
    at = line.find_first_of("0123456789", at);
    if (at == std::string_view::npos) break;
    std::uint64_t number = 0;
    std::from_chars(line.data() + at, line.data() + line.size(), number);
    if (index < 8) {  // guest times are part of the first two already
      total += number;
      if (index != 3 && index != 4) busy += number;  // idle, waiting for input and output
    }
    ++index;
    at = line.find(' ', at);
  }
  return total == 0 ? 0 : static_cast<double>(busy) / static_cast<double>(total);
}

}  // namespace

HostFacts read_host_facts(const std::string& host_root, std::uint64_t start_boot_ns) {
  HostFacts facts;
  utsname name{};
  if (uname(&name) == 0) facts.kernel_release = name.release;
  facts.cpus = static_cast<std::uint32_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  const std::string stat = text_of(host_root + "/proc/stat");
  facts.boot_wall_ns = number_after(stat, "btime ") * kSecond;
  facts.host_processes_running = number_after(stat, "procs_running ");
  facts.host_cpu_ratio = busy_share(stat);
  facts.cpu_seconds = static_cast<double>(read_clock_ns(CLOCK_PROCESS_CPUTIME_ID)) * 1e-9;
  const std::uint64_t lived_ns = boot_time_ns() - start_boot_ns;
  if (lived_ns > 0) facts.cpu_ratio = facts.cpu_seconds / (static_cast<double>(lived_ns) * 1e-9);
  const std::string status = text_of("/proc/self/status");
  facts.rss_bytes = number_after(status, "VmRSS:") * 1024;
  facts.vsz_bytes = number_after(status, "VmSize:") * 1024;
  facts.pss_bytes = number_after(text_of("/proc/self/smaps_rollup"), "Pss:") * 1024;
  facts.container_bytes = container_bytes();
  const std::string memory = text_of(host_root + "/proc/meminfo");
  facts.host_memory_used_bytes =
      (number_after(memory, "MemTotal:") - number_after(memory, "MemAvailable:")) * 1024;
  facts.host_open_files = number_after("n " + text_of(host_root + "/proc/sys/fs/file-nr"), "n ");
  return facts;
}

}  // namespace saker::observe
