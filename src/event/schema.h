// Schema: what the events that the rules know carry, one row each, in the order and under the names of
// Falco's event table (events.md, schema 4.5). A row says of each parameter where it comes from, and so all
// that differs between one system call and the next is here: the probe's shape of it, the decoding, and the
// rendering are made from these rows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "event/symbols.h"
#include "event/types.h"
#include "wire/records.h"

namespace saker::event {

enum class Category : std::uint8_t {
  kOther,
  kFile,
  kNet,
  kIoRead,
  kIoWrite,
  kIoOther,
  kProcess,
  kMemory,
  kIpc,
  kSignal,
  kSleep,
  kTime,
  kWait,
  kUser,
  kSystem,
};
// As evt.category says it.
std::string_view category_name(Category category);

// The base in which a number prints.
enum class Base : std::uint8_t { kDecimal, kHex, kOctal, kTime };

// How wide an argument is, and whether it has a sign.
enum class Number : std::uint8_t { kS8, kU8, kS16, kU16, kS32, kU32, kS64, kU64 };

// What a parameter is. It decides the value and the text that stands for it.
enum class ParameterKind : std::uint8_t {
  kNone,  // flags of a call that takes none: 0
  // From the result.
  kResult,        // 0 or -errno
  kResultNumber,  // an address, a count
  kResultFd,
  kResultPid,
  kResultUid,
  kResultGid,
  // From an argument.
  kNumber,
  kSymbol,  // exactly one name of a table
  kFlags,   // several
  kMode,    // permission bits
  kFd,
  kPid,
  kUid,
  kGid,
  kSignal,
  kSocketType,    // without the flags that socket() takes with it
  kSocketOption,  // a name only under SOL_SOCKET
  kPath,          // relative ones start from the working directory
  kRelativePath,  // relative ones start from the descriptor in the argument before
  kText,
  kBytes,
  kVectorSize,   // of a vector's buffers together
  kControl,      // of a message
  kSignalSet,    // the first 32 signals of a sigset_t
  kAddress,      // struct sockaddr
  kTuple,        // both ends; `argument` is the address that the caller gave or got
  kFixedNumber,  // in a structure that the argument points to, at `offset`
  kFixedFlags,
  kFixedUid,
  kFixedGid,
  kInterval,  // struct timespec
  kPairFd,    // of two descriptors; `offset` says which
  // Of single calls.
  kPairInode,
  kPairSource,
  kPairPeer,
  kQueuePercent,
  kQueueLength,
  kQueueMax,
  kPrctlText,
  kPrctlNumber,
  kQuotaCommand,
  kQuotaType,
  kQuotaFile,
  kQuotaFormat,     // that a command asks for
  kQuotaFormatOut,  // that it was answered
  kQuotaBlock,      // of struct dqblk at `offset`; `size` is the bit that says whether it is valid
  kQuotaInfo,       // of struct dqinfo, likewise
  kQuotaInfoFlags,
  kFsconfigBytes,
  kFsconfigText,
  kSemaphoreNumber,  // in the list of struct sembuf, at `offset`
  kSemaphoreFlags,
  kLlseekOffset,
  kVmSize,
  kVmRss,
  kVmSwap,
  kFilesMax,
  kMajorFaults,
  kMinorFaults,
  kTaskCgroups,
  kPidnsStart,
  kPolled,
  kEmptyText,
  // The open family.
  kOpenFd,
  kOpenDirfd,
  kOpenName,
  kOpenFlags,
  kOpenMode,
  kOpenDev,
  kOpenIno,
  kOpenResolve,
  kOpenHandlePath,
  kOpenLayers,
  // Of the task, and of its exec.
  kTaskExe,
  kTaskArgs,
  kTaskTid,
  kTaskPid,
  kTaskParent,
  kTaskComm,
  kTaskTty,
  kTaskGroup,
  kTaskVgroup,
  kTaskLoginuid,
  kTaskUid,
  kTaskGid,
  kTaskVtid,
  kTaskVpid,
  kTaskCapInheritable,
  kTaskCapPermitted,
  kTaskCapEffective,
  kExecCwd,
  kExecEnv,
  kExecFlags,
  kExecPath,
  kExecFilename,
  kExeIno,
  kExeCtime,
  kExeMtime,
  // The end of a process.
  kExitStatus,
  kExitReturn,
  kExitSignal,
  kExitCore,
  kExitReaper,
  kCount,
};

struct Parameter {
  std::string_view name;
  ParameterKind kind = ParameterKind::kNone;
  std::uint8_t argument = 0;  // place among the call's arguments, from 0
  Number number = Number::kS64;
  Base base = Base::kDecimal;
  Symbols symbols = Symbols::kNone;
  std::uint8_t offset = 0;                         // in a structure; of a pair, which one
  std::uint8_t size = 0;                           // of that structure
  saker_argument collect = SAKER_ARGUMENT_NUMBER;  // what the probe is to bring of the argument
  bool bytes = false;                              // prints with dots for what is not printable
};

// What fields that do not name the event depend on.
enum EventTraits : std::uint8_t {
  kNoTraits = 0,
  kUsesFd = 1,     // works on a descriptor: fd.* speak of it
  kCreatesFd = 2,  // fd.* speak of the new one
  kReads = 4,
  kWrites = 8,
  kWaits = 16,
};

struct Schema {
  std::string_view name;
  Category category = Category::kOther;
  std::uint8_t traits = kNoTraits;
  std::span<const Parameter> parameters;
  TypeId type = 0;  // set when the table is made
};

// The row of a type; null for those that carry nothing but their name ("generic" events).
const Schema* find_schema(TypeId type);

// All rows.
std::span<const Schema> schemas();

const Parameter* find_parameter(TypeId type, std::string_view name);

// The base in which parameters of that name print.
Base parameter_base(std::string_view name);

// Every name that a parameter of some event has, sorted.
std::span<const std::string_view> parameter_names();

// The argument whose descriptor fd.* speak of (SAKER_RESULT for a call that makes one); nothing for events
// that have none.
std::optional<std::uint8_t> main_descriptor(TypeId type);

// What the probe is to bring of calls of the type.
saker_shape shape_of(TypeId type);

}  // namespace saker::event
