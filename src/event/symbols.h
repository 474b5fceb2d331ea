// Symbols: the names that numbers have in rules and outputs (O_CREAT, PTRACE_ATTACH, AF_INET ...).
//
// Rules know the engine's own numbers (Falco's event schema, events.md 4.3), which for some tables differ
// from the kernel's; a table brings the way from one to the other.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace saker::event {

struct Symbol {
  std::uint32_t bits;
  std::string_view name;
};

enum class Symbols : std::uint8_t {
  kNone,
  kDescriptorFlags,  // what calls that make a descriptor take beside their own flags; names as kOpenFlags
  kOpenFlags,
  kSocketDomain,
  kShutdownHow,
  kSocketLevel,
  kSocketOption,
  kCreatFlags,
  kFutexOp,
  kSeekWhence,
  kResource,
  kFcntlCommand,
  kProtection,
  kMapFlags,
  kSpliceFlags,
  kPtraceRequest,
  kQuotaCommand,
  kQuotaType,
  kQuotaFormat,
  kQuotaInfoFlags,
  kCloneFlags,
  kFlockOperation,
  kSemaphoreFlags,
  kSemaphoreCommand,
  kMountFlags,
  kSemaphoreGetFlags,
  kAccessMode,
  kExeFlags,
  kUnlinkFlags,
  kLinkFlags,
  kFileMode,
  kRenameFlags,
  kResolveFlags,
  kUringSetupFlags,
  kUringFeatures,
  kUringEnterFlags,
  kUringRegisterOpcode,
  kLockAllFlags,
  kBpfCommand,
  kLockFlags,
  kFsconfigCommand,
  kEpollFlags,
  kChownFlags,
  kUmountFlags,
  kPrctlOption,
  kMemfdFlags,
  kPidfdFlags,
  kModuleInitFlags,
  kNodeMode,
  kStatFlags,
  kModuleDeleteFlags,
  kCloseRangeFlags,
  kKeyctlOperation,
  kCount,
};

// In the order in which they are looked for: a name whose bits are all there takes them away, so O_RDWR
// comes before its two halves. A row without bits stands for the number 0. Empty for kNone.
std::span<const Symbol> symbols(Symbols table);

// The kernel's number, as the caller gave it on this architecture, in the engine's numbering.
std::uint64_t from_kernel(Symbols table, std::uint64_t number);

}  // namespace saker::event
