#include "spool/nested_json.h"

#include <utility>

#include "spool/event.h"

namespace saker::spool {
namespace {

// JSON as nlohmann prints it, with the escapes of append_json_text(): outside of texts these bytes do not
// occur.
std::string escaped(const std::string& printed) {
  std::string out;
  for (std::size_t i = 0; i < printed.size(); ++i) {
    const char c = printed[i];
    if (c == '<' || c == '>' || c == '&') {
      out += c == '<' ? "\\u003c" : c == '>' ? "\\u003e" : "\\u0026";
    } else if (c == '\xE2' && printed.compare(i, 3, "\xE2\x80\xA8") == 0) {
      out += "\\u2028";
      i += 2;
    } else if (c == '\xE2' && printed.compare(i, 3, "\xE2\x80\xA9") == 0) {
      out += "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void NestedJson::begin(Json container) {
  count_ = 0;
  root_ = std::move(container);
  open_ = {&root_};
  keys_ = {""};
}

bool NestedJson::open(Json container) {
  Json* const added = insert(std::move(container));
  if (added == nullptr) return false;
  open_.push_back(added);
  keys_.emplace_back();
  return true;
}

bool NestedJson::add(Json value) { return insert(std::move(value)) != nullptr; }

void NestedJson::key(std::string& name) { keys_.back() = std::move(name); }

bool NestedJson::close() {
  open_.pop_back();
  keys_.pop_back();
  return open_.empty();
}

std::string NestedJson::text() const { return escaped(root_.dump()); }

// Null when there are too many.
NestedJson::Json* NestedJson::insert(Json value) {
  if (++count_ > kNestedMax) return nullptr;
  Json& parent = *open_.back();
  if (parent.is_array()) {
    parent.push_back(std::move(value));
    return &parent.back();
  }
  Json& slot = parent[keys_.back()];
  slot = std::move(value);
  return &slot;
}

}  // namespace saker::spool
