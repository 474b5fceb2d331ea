// Which capabilities the calling thread has in effect, by their numbers in <linux/capability.h>.
#pragma once

namespace saker::capture {

inline constexpr int kCapSysAdmin = 21;
inline constexpr int kCapPerfmon = 38;
inline constexpr int kCapBpf = 39;

bool has_capability(int number);

}  // namespace saker::capture
