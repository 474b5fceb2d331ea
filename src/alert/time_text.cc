#include "alert/time_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace saker::alert {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

}  // namespace

std::string local_time(std::uint64_t wall_ns) {
  const auto seconds = static_cast<std::time_t>(wall_ns / kSecond);
  return fmt::format("{:%H:%M:%S}.{:09}", fmt::localtime(seconds), wall_ns % kSecond);
}

std::string utc_time(std::uint64_t wall_ns, std::string_view zone) {
  const auto seconds = static_cast<std::time_t>(wall_ns / kSecond);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:09}{}", fmt::gmtime(seconds), wall_ns % kSecond, zone);
}

}  // namespace saker::alert
