// A file that the agent runs by: to say which one it is, and to see when it changes.
#pragma once

#include <string>

namespace saker::app {

struct LoadedFile {
  std::string path;
  std::string sha256;

  bool operator==(const LoadedFile&) const = default;
};

}  // namespace saker::app
