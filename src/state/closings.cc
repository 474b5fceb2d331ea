#include "state/closings.h"

#include <utility>

#include "event/parts.h"

namespace saker::state {

void Closings::begin(std::uint32_t tid, std::span<const std::byte> record) {
  if (record.size() < sizeof(saker_header)) return;
  if (by_thread_.size() >= threads_max_ && !by_thread_.contains(tid)) {
    forgotten_ += by_thread_.size();
    by_thread_.clear();
  }
  const std::span<const std::byte> parts = record.subspan(sizeof(saker_header));
  by_thread_[tid].assign(reinterpret_cast<const char*>(parts.data()), parts.size());
}

void Closings::end(std::uint32_t tid, event::Call& call) {
  const auto begun = by_thread_.find(tid);
  if (begun == by_thread_.end()) return;
  ended_ = std::move(begun->second);
  by_thread_.erase(begun);
  if (call.descriptor_count >= event::Call::kDescriptorsMax) return;
  event::Descriptor& descriptor = call.descriptors[call.descriptor_count];
  bool told = false;
  event::each_part(ended_, [&](const saker_part& part, const event::Text& text) {
    if (part.kind == SAKER_PART_DESCRIPTOR) told = event::decode_descriptor(text.bytes, descriptor);
    if (part.kind == SAKER_PART_DESCRIPTOR_NAME) descriptor.name = text;
  });
  if (!told || static_cast<std::uint64_t>(descriptor.fd) != (call.arguments[0] & UINT32_MAX)) return;
  call.descriptor_of[call.descriptor_count++] = 0;
}

}  // namespace saker::state
