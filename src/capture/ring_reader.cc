#include "capture/ring_reader.h"

#include <algorithm>
#include <cstring>

#include "wire/records.h"

namespace saker::capture {
namespace {

constexpr std::uint32_t kBusy = 1U << 31;
constexpr std::uint32_t kDiscard = 1U << 30;
constexpr std::uint64_t kKernelHeaderBytes = 8;
// Room is given back in steps, so that the probe does not wait for the end of a long pass.
constexpr std::size_t kReleaseEvery = 64;

std::uint64_t load(const volatile std::uint64_t* at) { return __atomic_load_n(at, __ATOMIC_ACQUIRE); }

void store(volatile std::uint64_t* at, std::uint64_t value) { __atomic_store_n(at, value, __ATOMIC_RELEASE); }

std::uint64_t rounded(std::uint64_t bytes) { return (bytes + 7) & ~std::uint64_t{7}; }

}  // namespace

void RingReader::load_head(std::size_t ring, std::uint64_t now_ns) {
  const RingView& view = rings_[ring];
  Head& head = heads_[ring];
  head.ready = false;
  while (head.position < head.end) {
    const std::byte* at = view.data + (head.position & view.mask);
    const std::uint32_t word = __atomic_load_n(reinterpret_cast<const std::uint32_t*>(at), __ATOMIC_ACQUIRE);
    if ((word & kBusy) != 0) return;
    const std::uint64_t length = word & ~(kBusy | kDiscard);
    const std::uint64_t step = rounded(kKernelHeaderBytes + length);
    if (step > head.end - head.position) {
      // The kernel never writes this; the mapping is not what we think it is.
      ++stats_.broken;
      head.position = head.end;
      return;
    }
    if ((word & kDiscard) != 0 || length < sizeof(saker_header)) {
      if ((word & kDiscard) == 0) ++stats_.broken;
      head.position += step;
      continue;
    }
    saker_header header;
    std::memcpy(&header, at + kKernelHeaderBytes, sizeof(header));
    head.time_ns = header.time_ns;
    head.record = {at + kKernelHeaderBytes, static_cast<std::size_t>(length)};
    head.ready = header.time_ns <= now_ns;
    return;
  }
}

std::size_t RingReader::drain(std::uint64_t now_ns, const Handler& handler) {
  for (std::size_t i = 0; i < rings_.size(); ++i) {
    heads_[i].position = load(rings_[i].consumer);
    heads_[i].end = load(rings_[i].producer);
  }
  for (std::size_t i = 0; i < rings_.size(); ++i) load_head(i, now_ns);

  std::size_t handed_out = 0;
  for (;;) {
    std::size_t first = rings_.size();
    for (std::size_t i = 0; i < rings_.size(); ++i) {
      if (heads_[i].ready && (first == rings_.size() || heads_[i].time_ns < heads_[first].time_ns)) first = i;
    }
    if (first == rings_.size()) break;
    Head& head = heads_[first];
    handler(head.record);
    ++handed_out;
    head.position += rounded(kKernelHeaderBytes + head.record.size());
    if (handed_out % kReleaseEvery == 0) store(rings_[first].consumer, head.position);
    load_head(first, now_ns);
  }
  for (std::size_t i = 0; i < rings_.size(); ++i) store(rings_[i].consumer, heads_[i].position);
  stats_.records += handed_out;
  return handed_out;
}

bool RingReader::any_pending() const {
  return std::any_of(rings_.begin(), rings_.end(),
                     [](const RingView& ring) { return load(ring.consumer) != load(ring.producer); });
}

}  // namespace saker::capture
