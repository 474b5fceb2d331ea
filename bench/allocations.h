// Counts what is allocated, by replacing operator new in the program that links it.
#pragma once

#include <cstdint>

namespace saker::bench {

extern std::uint64_t allocated_bytes;
extern std::uint64_t allocations;

}  // namespace saker::bench
