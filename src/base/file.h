// Reading whole small files: rules, configuration, /proc, a runtime's bundle.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace saker {

// Rule files and configurations; a larger one is an error rather than a slow load.
inline constexpr std::size_t kFileBytesMax = 64 * 1024 * 1024;

// The content of `path`. Works for /proc, whose files say they are empty.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max = kFileBytesMax);

// The target of a symbolic link.
Result<std::string> read_link(const std::string& path);

}  // namespace saker
