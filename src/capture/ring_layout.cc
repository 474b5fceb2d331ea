#include "capture/ring_layout.h"

#include <algorithm>
#include <bit>

#include "wire/records.h"

namespace saker::capture {
namespace {

std::uint32_t quotient_up(std::uint32_t number, std::uint32_t by) { return (number + by - 1) / by; }

}  // namespace

RingLayout ring_layout(std::uint32_t cpus, std::uint32_t cpus_per_ring, std::uint32_t bytes,
                       std::uint32_t page_bytes) {
  RingLayout layout;
  layout.bytes = std::max(std::bit_ceil(bytes), page_bytes);
  const std::uint32_t fewest = quotient_up(cpus, SAKER_RINGS_MAX);
  layout.cpus_per_ring = std::max(cpus_per_ring == 0 ? cpus : std::min(cpus_per_ring, cpus), fewest);
  layout.rings = quotient_up(cpus, layout.cpus_per_ring);
  return layout;
}

}  // namespace saker::capture
