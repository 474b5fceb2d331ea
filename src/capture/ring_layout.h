// How many ring buffers there are, and how large: for any number of CPUs and any page size.
#pragma once

#include <cstdint>

namespace saker::capture {

struct RingLayout {
  std::uint32_t bytes = 0;          // of one ring: a power of two, at least a page
  std::uint32_t cpus_per_ring = 0;  // the ring of a CPU is the CPU's number divided by this
  std::uint32_t rings = 0;          // at most SAKER_RINGS_MAX
};

// `cpus`: possible ones, for a CPU may come online later. `cpus_per_ring` 0: one ring for all; more than
// asked for share a ring where there would be too many. `bytes` is rounded up to what the kernel takes.
RingLayout ring_layout(std::uint32_t cpus, std::uint32_t cpus_per_ring, std::uint32_t bytes,
                       std::uint32_t page_bytes);

}  // namespace saker::capture
