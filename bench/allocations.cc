#include "bench/allocations.h"

#include <cstdlib>
#include <new>

namespace saker::bench {

std::uint64_t allocated_bytes = 0;
std::uint64_t allocations = 0;

}  // namespace saker::bench

void* operator new(std::size_t size) {
  saker::bench::allocated_bytes += size;
  ++saker::bench::allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
