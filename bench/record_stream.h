// A stream of kernel records as a busy node would send them with every official rule switched on.
//
// Made, not recorded, so that it is the same everywhere: some hundred processes with their ancestors, half of
// them in containers, open files (most of them libraries and data that no rule cares about), talk over
// sockets, start programs and end. Nothing in it raises an alert of the official rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace saker::bench {

class RecordStream {
 public:
  // The same seed gives the same records.
  RecordStream(std::size_t records, std::uint32_t seed);

  std::size_t size() const { return starts_.size(); }
  std::span<const std::byte> operator[](std::size_t i) const {
    const std::size_t end = i + 1 < starts_.size() ? starts_[i + 1] : bytes_.size();
    return std::span(bytes_).subspan(starts_[i], end - starts_[i]);
  }
  // Records that only bring the processes and cgroups that are there when it begins.
  std::size_t preamble() const { return preamble_; }

 private:
  friend class RecordWriter;
  std::vector<std::byte> bytes_;
  std::vector<std::size_t> starts_;
  std::size_t preamble_ = 0;
};

}  // namespace saker::bench
