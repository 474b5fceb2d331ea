// Arena: memory for the texts made while one event is judged (a joined command line, a cleaned path).
//
// Bump allocation in blocks that are kept; reset() makes them free again without giving them back,
// so after the first events nothing is allocated. A view returned here holds until the next reset().
// Bounded by what one event can make; blocks beyond kept_bytes_max are returned at reset().
//
// Not thread-safe. The pipeline thread owns it.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace saker {

class Arena {
 public:
  static constexpr std::size_t kBlockBytes = 16 * 1024;
  static constexpr std::size_t kKeptBytesMax = 256 * 1024;

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `bytes` of uninitialised memory, aligned for any scalar.
  char* allocate(std::size_t bytes);

  std::string_view copy(std::string_view text) {
    char* to = allocate(text.size());
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  template <class T>
  std::span<T> array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    T* first = reinterpret_cast<T*>(allocate(count * sizeof(T)));
    std::uninitialized_default_construct_n(first, count);
    return {first, count};
  }

  void reset();

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };
  std::vector<Block> blocks_;
  std::size_t block_ = 0;  // the block in use
  std::size_t used_ = 0;   // bytes used of it
};

}  // namespace saker
