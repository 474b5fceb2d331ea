#include "capture/syscalls.h"

namespace saker::capture {
namespace {

using namespace event;

// From the kernel's syscall tables: arch/x86/entry/syscalls/, include/uapi/asm-generic/unistd.h,
// arch/arm/tools/syscall.tbl. An architecture without open, creat has only the *at calls.
#if defined(__x86_64__)
constexpr SyscallNumber kNative[] = {
    {kOpen, 2},    {kOpenat, 257},   {kOpenat2, 437}, {kCreat, 85},     {kOpenByHandleAt, 304},
    {kExecve, 59}, {kExecveat, 322}, {kExecve, 520},  {kExecveat, 545},  // x32's own
};
constexpr SyscallNumber kCompat[] = {
    {kOpen, 5},    {kOpenat, 295},   {kOpenat2, 437}, {kCreat, 8}, {kOpenByHandleAt, 342},
    {kExecve, 11}, {kExecveat, 358},
};
#elif defined(__aarch64__)
constexpr SyscallNumber kNative[] = {
    {kOpenat, 56}, {kOpenat2, 437}, {kOpenByHandleAt, 265}, {kExecve, 221}, {kExecveat, 281},
};
constexpr SyscallNumber kCompat[] = {
    {kOpen, 5},    {kOpenat, 322},   {kOpenat2, 437}, {kCreat, 8}, {kOpenByHandleAt, 371},
    {kExecve, 11}, {kExecveat, 387},
};
#else
#error "the probe knows x86_64 and aarch64"
#endif

}  // namespace

std::span<const SyscallNumber> native_syscalls() { return kNative; }
std::span<const SyscallNumber> compat_syscalls() { return kCompat; }

}  // namespace saker::capture
