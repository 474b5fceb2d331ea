#include "state/directory.h"

#include <absl/hash/hash.h>

#include <cstdlib>

namespace saker::state {

// What the allocator and the index add to a path.
constexpr std::size_t kOverhead = 48;

void intrusive_ptr_release(const Directory* directory) {
  if (--directory->references_ == 0) directory->home_.forget(directory);
}

std::size_t Directories::Hash::operator()(std::string_view path) const { return absl::HashOf(path); }

std::size_t Directories::bytes_of(const Directory& directory) {
  return sizeof(Directory) + kOverhead + directory.path_.size();
}

Directories::~Directories() {
  if (!all_.empty()) std::abort();  // a reference would outlive what it refers to
}

DirectoryRef Directories::get(std::string_view path) {
  if (const auto known = all_.find(path); known != all_.end()) return DirectoryRef(*known);
  const auto* made = new Directory(*this, path);
  all_.insert(made);
  bytes_ += bytes_of(*made);
  return DirectoryRef(made);
}

void Directories::forget(const Directory* directory) {
  all_.erase(directory);
  bytes_ -= bytes_of(*directory);
  delete directory;
}

}  // namespace saker::state
