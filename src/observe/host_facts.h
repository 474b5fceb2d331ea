// What the agent uses and what its machine is doing, from /proc and the cgroup. Read when somebody asks.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace saker::observe {

struct HostFacts {
  std::string kernel_release;
  std::uint64_t boot_wall_ns = 0;
  std::uint32_t cpus = 0;
  double cpu_ratio = 0;       // of one CPU, over the agent's life
  double host_cpu_ratio = 0;  // of all CPUs, since boot
  double cpu_seconds = 0;     // of the agent
  std::uint64_t rss_bytes = 0, vsz_bytes = 0, pss_bytes = 0;
  std::optional<std::uint64_t> container_bytes;  // memory of the agent's cgroup
  std::uint64_t host_memory_used_bytes = 0;
  std::uint64_t host_processes_running = 0, host_open_files = 0;
};

// What cannot be read stays 0. `host_root` is where the host's / is mounted.
HostFacts read_host_facts(const std::string& host_root, std::uint64_t start_boot_ns);

}  // namespace saker::observe
