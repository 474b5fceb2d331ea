// Kernel records are foreign bytes: whatever they are, decode() must read within them.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "event/decode.h"

namespace {

std::size_t touch(const saker::event::Text& text) {
  std::size_t sum = 0;
  for (const char c : text.bytes) sum += static_cast<unsigned char>(c);
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy of exactly this size, so that one byte too far is seen.
  std::vector<std::byte> bytes(size);
  if (size > 0) std::memcpy(bytes.data(), data, size);
  const auto event = saker::event::decode(bytes);
  if (!event) return 0;
  volatile std::size_t sum = event->task.comm.size();
  if (const auto* file = std::get_if<saker::event::File>(&event->body)) {
    for (const auto* text : {&file->name, &file->base, &file->resolved, &file->inner, &file->cwd})
      sum = sum + touch(*text);
  } else if (const auto* exec = std::get_if<saker::event::Exec>(&event->body)) {
    for (const auto* text : {&exec->filename, &exec->exe, &exec->cwd, &exec->args}) sum = sum + touch(*text);
  } else if (const auto* cgroup = std::get_if<saker::event::Cgroup>(&event->body)) {
    sum = sum + touch(cgroup->path);
  }
  return 0;
}
