// Writing a whole text to a descriptor that may be a pipe, a file or a terminal.
#pragma once

#include <cstddef>
#include <string_view>

namespace saker::alert {

struct Written {
  std::size_t bytes = 0;
  int error = 0;  // errno of what stopped it; 0: all is written
};

// Goes on after signals and short writes; waits where somebody made the shared descriptor non-blocking.
Written write_all(int fd, std::string_view text);

}  // namespace saker::alert
