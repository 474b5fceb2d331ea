// Bodies as senders post them. What is taken must make a line that is read back as the same event.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "spool/event.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace saker::spool;
  auto parsed = parse_events({reinterpret_cast<const char*>(data), size});
  if (!parsed) return 0;
  for (Event& event : parsed->events) {
    seal(event);
    const std::string line = to_line(event);
    const auto again = parse_line(line);
    if (!again || to_line(*again) != line) std::abort();
  }
  return 0;
}
