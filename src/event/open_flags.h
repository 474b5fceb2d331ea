// Open flags: the kernel's numbers (which differ between architectures) into the engine's numbering that
// rules and outputs use.
#pragma once

#include <cstdint>

namespace saker::event {

// The engine's numbering of open flags (Falco's event schema).
enum OpenFlag : std::uint32_t {
  kOpenRead = 1,
  kOpenWrite = 2,
  kOpenCreat = 1 << 2,
  kOpenAppend = 1 << 3,
  kOpenDsync = 1 << 4,
  kOpenExcl = 1 << 5,
  kOpenNonblock = 1 << 6,
  kOpenSync = 1 << 7,
  kOpenTrunc = 1 << 8,
  kOpenDirect = 1 << 9,
  kOpenDirectory = 1 << 10,
  kOpenLargefile = 1 << 11,
  kOpenCloexec = 1 << 12,
  kOpenTmpfile = 1 << 13,
  kOpenCreated = 1 << 14,
  kOpenUpperLayer = 1 << 15,
  kOpenLowerLayer = 1 << 16,
};

// Where the architecture of the caller keeps the four flags that moved; the rest are the same everywhere.
enum class OpenFlagsAbi { kX86, kArm };

// From the kernel's flags word as the caller gave it. The CREATED and LAYER bits are not in it.
std::uint32_t engine_open_flags(std::uint32_t kernel_flags, OpenFlagsAbi abi);

}  // namespace saker::event
