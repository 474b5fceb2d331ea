// MappedRing: a BPF ring buffer's memory, as user space maps it.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "capture/ring_reader.h"

namespace saker::capture {

class MappedRing {
 public:
  // `fd`: of a ring buffer of that size; not needed any more afterwards.
  static Result<MappedRing> map(int fd, std::uint32_t bytes);
  MappedRing(MappedRing&& other) noexcept { *this = std::move(other); }
  MappedRing& operator=(MappedRing&& other) noexcept;
  ~MappedRing();

  // Valid as long as this lives.
  RingView view() const;

 private:
  MappedRing() = default;
  void* consumer_ = MAP_FAILED;
  void* producer_ = MAP_FAILED;  // its page, then the data twice in a row
  std::size_t page_ = 0;
  std::uint32_t bytes_ = 0;
};

}  // namespace saker::capture
