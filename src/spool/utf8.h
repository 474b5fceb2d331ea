// Text that came from elsewhere as UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace saker::spool {

// Each byte that belongs to no character replaced by U+FFFD; "" when there is none.
std::string mended_utf8(std::string_view text);

}  // namespace saker::spool
