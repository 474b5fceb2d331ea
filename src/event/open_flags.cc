#include "event/open_flags.h"

namespace saker::event {
namespace {

struct Row {
  std::uint32_t kernel;
  std::uint32_t engine;
};

// asm-generic/fcntl.h, octal as there.
constexpr Row kCommon[] = {
    {000000100, kOpenCreat},    {000000200, kOpenExcl},  {000001000, kOpenTrunc},   {000002000, kOpenAppend},
    {000004000, kOpenNonblock}, {000010000, kOpenDsync}, {002000000, kOpenCloexec},
};

// arch/arm{,64}/include/uapi/asm/fcntl.h moves these.
constexpr Row kX86[] = {{000040000, kOpenDirect}, {000100000, kOpenLargefile}, {000200000, kOpenDirectory}};
constexpr Row kArm[] = {{000200000, kOpenDirect}, {000400000, kOpenLargefile}, {000040000, kOpenDirectory}};

// __O_SYNC and __O_TMPFILE mean something only together with a second bit.
constexpr std::uint32_t kKernelSync = 04000000 | 000010000;
constexpr std::uint32_t kKernelTmpfile = 020000000;

}  // namespace

std::uint32_t engine_open_flags(std::uint32_t kernel_flags, OpenFlagsAbi abi) {
  std::uint32_t flags = 0;
  switch (kernel_flags & 3U) {
    case 0:
      flags = kOpenRead;
      break;
    case 1:
      flags = kOpenWrite;
      break;
    default:
      flags = kOpenRead | kOpenWrite;
      break;
  }
  for (const Row& row : kCommon) {
    if ((kernel_flags & row.kernel) != 0) flags |= row.engine;
  }
  for (const Row& row : abi == OpenFlagsAbi::kX86 ? kX86 : kArm) {
    if ((kernel_flags & row.kernel) != 0) flags |= row.engine;
  }
  if ((kernel_flags & kKernelSync) == kKernelSync) flags |= kOpenSync;
  if ((kernel_flags & kKernelTmpfile) != 0) flags |= kOpenTmpfile;
  return flags;
}

}  // namespace saker::event
