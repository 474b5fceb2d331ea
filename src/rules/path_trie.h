// PathTrie: which of many paths is a prefix of a given one, component by component (pmatch).
//
// Slashes at both ends and doubled ones do not count. A component with `*`, `?` or `[` is a shell pattern for
// that one component. Several branches may be open at once, never more than the trie has nodes.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/glob.h"

namespace saker::rules {

class PathTrie {
 public:
  PathTrie() : nodes_(1) {}

  void add(std::string_view path);
  // True when an added path is a prefix of `path`.
  bool covers(std::string_view path) const;

 private:
  struct Node {
    absl::flat_hash_map<std::string, std::uint32_t> children;
    std::vector<std::pair<Glob, std::uint32_t>> patterns;
    bool ends = false;  // a path ends here: longer ones are covered too
  };

  std::vector<Node> nodes_;
};

}  // namespace saker::rules
