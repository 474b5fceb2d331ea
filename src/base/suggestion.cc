#include "base/suggestion.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace saker {
namespace {

// Names longer than this are no slip of the pen.
constexpr std::size_t kNameBytesMax = 64;

// Letters inserted, dropped, replaced, or swapped with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_above(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    two_above.swap(above);
    above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, above[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

void Suggestion::offer(std::string_view known) {
  if (known.empty() || unknown_.size() > kNameBytesMax || known.size() > kNameBytesMax) return;
  const std::size_t distance = edit_distance(unknown_, known);
  // Among equals, a name that was not written to its end is the better guess.
  const bool equal = distance == distance_ && !nearest_.empty() && known.starts_with(unknown_);
  if (distance >= distance_ && !equal) return;
  distance_ = distance;
  nearest_ = known;
}

}  // namespace saker
