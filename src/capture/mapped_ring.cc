#include "capture/mapped_ring.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "capture/probe_log.h"

namespace saker::capture {

Result<MappedRing> MappedRing::map(int fd, std::uint32_t bytes) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  MappedRing ring;
  ring.page_ = page;
  ring.bytes_ = bytes;
  ring.consumer_ = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (ring.consumer_ == MAP_FAILED) return probe_error("map a ring buffer", errno);
  ring.producer_ =
      mmap(nullptr, page + 2 * std::size_t{bytes}, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(page));
  if (ring.producer_ == MAP_FAILED) return probe_error("map a ring buffer", errno);
  return ring;
}

MappedRing& MappedRing::operator=(MappedRing&& other) noexcept {
  std::swap(consumer_, other.consumer_);
  std::swap(producer_, other.producer_);
  page_ = other.page_;
  bytes_ = other.bytes_;
  return *this;
}

MappedRing::~MappedRing() {
  if (consumer_ != MAP_FAILED) munmap(consumer_, page_);
  if (producer_ != MAP_FAILED) munmap(producer_, page_ + 2 * std::size_t{bytes_});
}

RingView MappedRing::view() const {
  return {.consumer = static_cast<std::uint64_t*>(consumer_),
          .producer = static_cast<std::uint64_t*>(producer_),
          .data = static_cast<std::byte*>(producer_) + page_,
          .mask = bytes_ - 1};
}

}  // namespace saker::capture
