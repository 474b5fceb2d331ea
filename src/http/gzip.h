// gzip bodies, by zlib.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace saker::http {

// The same bytes make the same result: no time, no name in the header.
std::string gzip(std::string_view bytes, int level = 1);

// Fails on bytes that are no gzip stream, on one that is cut, and when the result would be larger than
// `bytes_max`.
Result<std::string> gunzip(std::string_view bytes, std::size_t bytes_max);

}  // namespace saker::http
