#include "state/closings.h"

#include <gtest/gtest.h>

#include <cstring>

#include "event/parts_for_tests.h"

namespace saker::state {
namespace {

std::vector<std::byte> closing(std::int32_t fd, std::string_view name) {
  saker_descriptor descriptor{};
  descriptor.fd = fd;
  descriptor.kind = SAKER_DESCRIPTOR_FILE;
  event::Parts parts;
  parts.add_struct(SAKER_PART_DESCRIPTOR, 0, descriptor).add(SAKER_PART_DESCRIPTOR_NAME, 0, name);
  std::vector<std::byte> record(sizeof(saker_header) + parts.bytes().size());
  std::memcpy(record.data() + sizeof(saker_header), parts.bytes().data(), parts.bytes().size());
  return record;
}

std::string name_of(const event::Call& call) {
  const event::Descriptor* descriptor = call.descriptor(0);
  return descriptor == nullptr ? "(none)" : std::string(descriptor->name.bytes);
}

std::string end(Closings& closings, std::uint32_t tid, std::uint64_t fd) {
  event::Call call;
  call.arguments[0] = fd;
  closings.end(tid, call);
  return name_of(call);
}

TEST(Closings, TheEndKnowsWhatTheBeginningTold) {
  Closings closings;
  closings.begin(1, closing(3, "/a"));
  closings.begin(2, closing(3, "/b"));
  EXPECT_EQ(end(closings, 1, 3), "/a");
  EXPECT_EQ(end(closings, 1, 3), "(none)") << "told once";
  EXPECT_EQ(end(closings, 2, 3), "/b");
}

TEST(Closings, WhatDoesNotFitIsNotUsed) {
  Closings closings;
  closings.begin(1, closing(3, "/a"));
  EXPECT_EQ(end(closings, 1, 4), "(none)") << "the end of another close: a beginning was lost";
  closings.begin(1, std::vector<std::byte>(3));
  EXPECT_EQ(end(closings, 1, 3), "(none)");
}

TEST(Closings, TheTableIsBounded) {
  Closings closings(2);
  for (std::uint32_t tid = 1; tid <= 3; ++tid) closings.begin(tid, closing(3, "/a"));
  EXPECT_EQ(closings.forgotten(), 2U);
  EXPECT_EQ(end(closings, 3, 3), "/a");
}

}  // namespace
}  // namespace saker::state
