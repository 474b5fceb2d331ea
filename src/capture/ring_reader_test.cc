#include "capture/ring_reader.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "wire/records.h"

namespace saker::capture {
namespace {

constexpr std::uint32_t kBusy = 1U << 31;
constexpr std::uint32_t kDiscard = 1U << 30;

// A ring in plain memory, written as the kernel writes it: data that would wrap is seen twice.
class FakeRing {
 public:
  static constexpr std::uint64_t kBytes = 4096;

  FakeRing() : data_(std::make_unique<std::byte[]>(2 * kBytes)) {}

  RingView view() { return {&consumer_, &producer_, data_.get(), kBytes - 1}; }

  // The record's cpu field carries `mark`, so that a test can tell records apart.
  void put(std::uint64_t time_ns, std::uint32_t mark, std::uint32_t bits = 0, std::size_t extra = 0) {
    saker_header header{};
    header.size = static_cast<std::uint32_t>(sizeof(header) + extra);
    header.time_ns = time_ns;
    header.cpu = mark;
    const std::uint32_t word = header.size | bits;
    write(producer_, &word, sizeof(word));
    write(producer_ + 8, &header, sizeof(header));
    last_ = producer_;
    producer_ += (8 + header.size + 7) & ~std::uint64_t{7};
  }
  void finish_last() {
    std::uint32_t word;
    std::memcpy(&word, &data_[last_ % kBytes], sizeof(word));
    word &= ~kBusy;
    write(last_, &word, sizeof(word));
  }
  void put_nonsense() {
    const std::uint32_t word = 100'000;
    write(producer_, &word, sizeof(word));
    producer_ += 16;
  }
  std::uint64_t consumed() const { return consumer_; }
  std::uint64_t produced() const { return producer_; }

 private:
  void write(std::uint64_t position, const void* bytes, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      const std::byte byte = static_cast<const std::byte*>(bytes)[i];
      data_[(position + i) % kBytes] = byte;
      data_[kBytes + (position + i) % kBytes] = byte;
    }
  }
  std::unique_ptr<std::byte[]> data_;
  std::uint64_t consumer_ = 0;
  std::uint64_t producer_ = 0;
  std::uint64_t last_ = 0;
};

std::string drained(RingReader& reader, std::uint64_t now_ns) {
  std::string marks;
  reader.drain(now_ns, [&](std::span<const std::byte> record) {
    saker_header header;
    ASSERT_GE(record.size(), sizeof(header));
    std::memcpy(&header, record.data(), sizeof(header));
    marks += static_cast<char>(header.cpu);
  });
  return marks;
}

TEST(RingReader, MergesRingsByTime) {
  FakeRing a, b, c;
  a.put(10, 'a');
  a.put(40, 'd');
  b.put(20, 'b');
  b.put(30, 'c');
  RingReader reader({a.view(), b.view(), c.view()});
  EXPECT_EQ(drained(reader, 100), "abcd");
  EXPECT_FALSE(reader.any_pending());
  EXPECT_EQ(a.consumed(), a.produced());
  EXPECT_EQ(reader.stats().records, 4U);
}

TEST(RingReader, HoldsBackWhatIsYoungerThanThePass) {
  FakeRing a, b;
  a.put(10, 'a');
  a.put(60, 'x');
  b.put(20, 'b');
  RingReader reader({a.view(), b.view()});
  EXPECT_EQ(drained(reader, 50), "ab");
  EXPECT_TRUE(reader.any_pending());
  EXPECT_EQ(drained(reader, 60), "x");
}

TEST(RingReader, ARecordInTheMakingStopsOnlyItsOwnRing) {
  FakeRing a, b;
  a.put(10, 'x', kBusy);
  b.put(20, 'b');
  RingReader reader({a.view(), b.view()});
  EXPECT_EQ(drained(reader, 100), "b");
  EXPECT_TRUE(reader.any_pending());
  a.finish_last();
  EXPECT_EQ(drained(reader, 100), "x");
}

TEST(RingReader, SkipsDiscardedRecords) {
  FakeRing a;
  a.put(10, 'a');
  a.put(20, 'x', kDiscard);
  a.put(30, 'b');
  RingReader reader({a.view()});
  EXPECT_EQ(drained(reader, 100), "ab");
  EXPECT_EQ(a.consumed(), a.produced());
}

TEST(RingReader, RecordsThatWrapAreWhole) {
  FakeRing a;
  RingReader reader({a.view()});
  std::string want, got;
  for (int i = 0; i < 1000; ++i) {
    const auto mark = static_cast<std::uint32_t>('a' + i % 26);
    a.put(static_cast<std::uint64_t>(i), mark, 0, static_cast<std::size_t>(i % 97));
    want += static_cast<char>(mark);
    if (i % 7 == 0) got += drained(reader, 1'000'000);
  }
  got += drained(reader, 1'000'000);
  EXPECT_EQ(got, want);
}

TEST(RingReader, ARingThatMakesNoSenseIsEmptiedAndCounted) {
  FakeRing a, b;
  a.put_nonsense();
  b.put(10, 'b');
  RingReader reader({a.view(), b.view()});
  EXPECT_EQ(drained(reader, 100), "b");
  EXPECT_EQ(reader.stats().broken, 1U);
  EXPECT_FALSE(reader.any_pending());
}

}  // namespace
}  // namespace saker::capture
