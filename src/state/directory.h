// Directories: paths that many processes have in common, each kept once. Not thread-safe, as Programs.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace saker::state {

class Directories;

class Directory {
 public:
  std::string_view path() const { return path_; }

 private:
  friend class Directories;
  Directory(Directories& home, std::string_view path) : home_(home), path_(path) {}
  friend void intrusive_ptr_add_ref(const Directory* directory) { ++directory->references_; }
  friend void intrusive_ptr_release(const Directory* directory);

  Directories& home_;
  const std::string path_;
  mutable std::uint32_t references_ = 0;
};
using DirectoryRef = boost::intrusive_ptr<const Directory>;

class Directories {
 public:
  Directories() = default;
  ~Directories();  // all references must be gone
  Directories(const Directories&) = delete;

  DirectoryRef get(std::string_view path);

  std::size_t bytes() const { return bytes_; }

 private:
  friend void intrusive_ptr_release(const Directory* directory);
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view path) const;
    std::size_t operator()(const Directory* directory) const { return (*this)(directory->path()); }
  };
  struct Same {
    using is_transparent = void;
    bool operator()(const Directory* a, const Directory* b) const { return a == b; }
    bool operator()(const Directory* a, std::string_view b) const { return a->path() == b; }
    bool operator()(std::string_view a, const Directory* b) const { return a == b->path(); }
  };
  static std::size_t bytes_of(const Directory& directory);
  void forget(const Directory* directory);

  absl::flat_hash_set<const Directory*, Hash, Same> all_;
  std::size_t bytes_ = 0;
};

}  // namespace saker::state
