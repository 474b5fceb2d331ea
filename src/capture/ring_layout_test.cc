#include "capture/ring_layout.h"

#include <gtest/gtest.h>

#include <bit>

#include "capture/features.h"
#include "wire/records.h"

namespace saker::capture {
namespace {

TEST(RingLayout, EveryCpuHasARing) {
  for (std::uint32_t cpus = 1; cpus <= 4096; ++cpus) {
    for (const std::uint32_t asked : {0U, 1U, 2U, 3U, 64U, 4096U}) {
      const RingLayout layout = ring_layout(cpus, asked, 1 << 20, 4096);
      SCOPED_TRACE(testing::Message() << cpus << " CPUs, " << asked << " a ring");
      ASSERT_GE(layout.rings, 1U);
      ASSERT_LE(layout.rings, static_cast<std::uint32_t>(SAKER_RINGS_MAX));
      ASSERT_EQ((cpus - 1) / layout.cpus_per_ring, layout.rings - 1);  // the last CPU's ring is the last one
      if (asked != 0 && cpus <= SAKER_RINGS_MAX) {
        ASSERT_LE(layout.cpus_per_ring, asked);
      }
    }
  }
}

struct Row {
  std::uint32_t cpus, asked, bytes, page;
  RingLayout want;
};

TEST(RingLayout, Table) {
  const Row rows[] = {
      {1, 2, 1 << 20, 4096, {1 << 20, 1, 1}},
      {2, 2, 1 << 20, 4096, {1 << 20, 2, 1}},
      {3, 2, 1 << 20, 4096, {1 << 20, 2, 2}},
      {256, 2, 1 << 20, 4096, {1 << 20, 2, 128}},
      {256, 0, 1 << 20, 4096, {1 << 20, 256, 1}},
      {512, 1, 1 << 20, 4096, {1 << 20, 2, 256}},
      {4, 2, 4096, 4096, {4096, 2, 2}},
      {4, 2, 4096, 16384, {16384, 2, 2}},  // arm64 with pages of 16 KiB
      {4, 2, 4096, 65536, {65536, 2, 2}},  // and of 64 KiB
      {4, 2, 1 << 20, 65536, {1 << 20, 2, 2}},
      {4, 2, 100'000, 4096, {131'072, 2, 2}},
  };
  for (const Row& row : rows) {
    const RingLayout layout = ring_layout(row.cpus, row.asked, row.bytes, row.page);
    SCOPED_TRACE(testing::Message() << row.cpus << " CPUs, pages of " << row.page);
    EXPECT_EQ(layout.bytes, row.want.bytes);
    EXPECT_EQ(layout.cpus_per_ring, row.want.cpus_per_ring);
    EXPECT_EQ(layout.rings, row.want.rings);
    EXPECT_TRUE(std::has_single_bit(layout.bytes));
    EXPECT_EQ(layout.bytes % row.page, 0U);
  }
}

TEST(Features, NamesAreFoundAgain) {
  for (std::size_t i = 0; i < kFeatures; ++i) {
    const auto feature = static_cast<Feature>(i);
    EXPECT_EQ(find_feature(feature_name(feature)), feature);
  }
  EXPECT_FALSE(find_feature("bpf"));
  EXPECT_FALSE(find_feature(""));
}

}  // namespace
}  // namespace saker::capture
