#include "capture/capabilities.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/file.h"

namespace saker::capture {

bool has_capability(int number) {
  const auto status = read_file("/proc/thread-self/status");
  if (!status) return false;
  const auto at = status->find("CapEff:");
  if (at == std::string::npos) return false;
  const std::uint64_t effective = std::strtoull(status->c_str() + at + std::strlen("CapEff:"), nullptr, 16);
  return ((effective >> number) & 1U) != 0;
}

}  // namespace saker::capture
