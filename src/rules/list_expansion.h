// List use in conditions: a text operation, done before parsing, with the places kept.
//
// Every occurrence of a list's name that stands between blanks, ( ) , = or the ends becomes the list's items
// joined by ", ". Quotes are not respected and no parentheses are added, as in Falco; lists are taken in the
// order of their first definition, each over the text the one before left. A problem inside the inserted
// items points at the name that the author wrote.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rules/located_text.h"

namespace saker::rules {

// Lists of lists of lists can ask for more text than there is memory.
inline constexpr std::size_t kExpandedBytesMax = 1 << 20;

struct ListDefinition {
  std::string name;
  std::vector<std::string> items;
  std::uint32_t index = 0;       // position of the first definition
  std::uint32_t visibility = 0;  // position of the last change
};

class ListExpansion {
 public:
  // In the order of their first definition. An item that names a list defined before is replaced by that
  // list's items as written, one level deep.
  explicit ListExpansion(const std::vector<ListDefinition>& lists);

  // False when the text grows beyond kExpandedBytesMax.
  bool expand(LocatedText& text);

  // By position in the constructor's lists: named by another list or by an expanded text.
  const std::vector<bool>& used() const { return used_; }

 private:
  struct List {
    std::string name;
    std::string joined;
    bool empty = true;
  };
  bool expand(LocatedText& text, const List& list, bool& used);

  std::vector<List> lists_;
  std::vector<bool> used_;
};

}  // namespace saker::rules
