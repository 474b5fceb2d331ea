// NestedJson: what is nested inside an output field, put together from the parser's events and kept as JSON
// text.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace saker::spool {

class NestedJson {
 public:
  using Json = nlohmann::json;

  // Between begin() and the close() that ends it.
  bool is_open() const { return !open_.empty(); }

  // `container`: an empty object or list.
  void begin(Json container);
  // False when there are more than kNestedMax values.
  bool open(Json container);
  bool add(Json value);
  void key(std::string& name);
  // True when it was the outermost container.
  bool close();

  // With the escapes of append_json_text().
  std::string text() const;

 private:
  Json* insert(Json value);

  Json root_;
  std::size_t count_ = 0;
  std::vector<Json*> open_;
  std::vector<std::string> keys_;  // the key in hand, for each open container
};

}  // namespace saker::spool
