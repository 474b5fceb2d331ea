// Features of kernels that the probe uses where they are and does without where they are not.
//
// Each is looked for by itself, in the kernel's types or by trying; no version number is asked. Each can also
// be done without on purpose (`saker.without`): where a kernel has it broken, and to test what takes its
// place.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace saker::capture {

enum class Feature : std::uint8_t {
  kTypedReads,    // bpf_rdonly_cast(), 6.2; else a helper call for each field
  kRingRequests,  // io_uring's tracepoints, 6.0; else its requests go unseen
  kIdentify,      // programs that user space runs, 5.14; else stat() says which file a path is
  kEachCall,      // registers in a tracepoint of one call, 5.15; else one hook for all calls
  kExactMemory,   // the table of CPUs' memory; else sizes of memory are as exact as the kernel's own estimate
  kFunctions,     // hooks at functions that miss no end, 6.14; else another way to be called at the ends of
                  // calls
  kCloseNames,    // the tracepoint of a close's beginning; else closes are told without what was closed
};
inline constexpr std::size_t kFeatures = 7;
using FeatureSet = std::bitset<kFeatures>;

inline bool contains(const FeatureSet& set, Feature feature) {
  return set.test(static_cast<std::size_t>(feature));
}

// As the configuration calls it, for example "typed_reads".
std::string_view feature_name(Feature feature);
std::optional<Feature> find_feature(std::string_view name);
// All names, for a message: "typed_reads, ring_requests, ...".
std::string feature_names();

}  // namespace saker::capture
