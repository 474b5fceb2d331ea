#include "rules/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <map>
#include <streambuf>
#include <utility>

namespace saker::rules {
namespace {

// Reads a text without copying it.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

// Stops the library's parser; never leaves this file.
struct Stop {
  std::string message;
  YAML::Mark mark;
};

// A long scalar counts as several nodes, or repeating one would be free.
std::size_t own_weight(const YamlNode& node) { return 1 + node.scalar.size() / 256; }

std::size_t weight(const YamlNode& node) {
  std::size_t sum = own_weight(node);
  for (const YamlNode& item : node.items) sum += weight(item);
  for (const YamlEntry& entry : node.entries) sum += weight(entry.key) + weight(entry.value);
  return sum;
}

std::size_t height(const YamlNode& node) {
  std::size_t tallest = 0;
  for (const YamlNode& item : node.items) tallest = std::max(tallest, height(item));
  for (const YamlEntry& entry : node.entries) {
    tallest = std::max({tallest, height(entry.key), height(entry.value)});
  }
  return tallest + 1;
}

// Builds the tree from the library's events. Recursion over the result is safe: depth is checked here.
class Builder : public YAML::EventHandler {
 public:
  Builder(std::uint32_t file, std::string_view text) : file_(file), text_(text) {}

  void OnDocumentStart(const YAML::Mark&) override {
    open_.clear();
    anchors_.clear();
    root_ = YamlNode();
  }
  void OnDocumentEnd() override { documents_.push_back(std::move(root_)); }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node;
    node.place = place(mark, 1);
    add(std::move(node), mark, anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.scalar = value;
    node.place = place(mark, value.size());
    add(std::move(node), mark, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Stop{"an alias may not stand inside what it repeats", mark};
    spend(found->second.weight, mark);
    if (open_.size() + found->second.height > kYamlDepthMax) throw Stop{"nested too deeply", mark};
    add(found->second.node, mark, 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kSequence, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kMap, mark, anchor);
  }
  void OnMapEnd() override { close(); }

  // What is complete; after an error also the finished items of the document it stands in.
  std::vector<YamlNode> take(bool failed) {
    if (failed && !open_.empty() && open_.front().node.kind == YamlNode::Kind::kSequence) {
      documents_.push_back(std::move(open_.front().node));
    }
    return std::move(documents_);
  }

 private:
  struct Open {
    YamlNode node;
    std::optional<YamlNode> key;  // of a map, waiting for its value
    YAML::anchor_t anchor = 0;
  };
  struct Anchor {
    YamlNode node;
    std::size_t weight = 0;
    std::size_t height = 0;
  };

  Place place(const YAML::Mark& mark, std::size_t bytes) const {
    const auto offset = std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), text_.size());
    const std::size_t line_end = std::min(text_.find('\n', offset), text_.size());
    const std::size_t length = std::max<std::size_t>(std::min(bytes, line_end - offset), 1);
    return {file_, static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(length)};
  }

  void spend(std::size_t nodes, const YAML::Mark& mark) {
    nodes_ += nodes;
    if (nodes_ > kYamlNodesMax) throw Stop{"too many nodes, aliases filled in", mark};
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= kYamlDepthMax) throw Stop{"nested too deeply", mark};
    Open frame;
    frame.node.kind = kind;
    frame.node.place = place(mark, 1);
    frame.anchor = anchor;
    open_.push_back(std::move(frame));
  }

  void close() {
    Open frame = std::move(open_.back());
    open_.pop_back();
    add(std::move(frame.node), {}, frame.anchor);
  }

  void add(YamlNode node, const YAML::Mark& mark, YAML::anchor_t anchor) {
    spend(own_weight(node), mark);
    if (anchor != 0) {
      const std::size_t copied = weight(node);
      spend(copied, mark);
      anchors_[anchor] = {node, copied, height(node)};
    }
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kSequence) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.key) {
      parent.node.entries.push_back({*std::move(parent.key), std::move(node)});
      parent.key.reset();
    } else {
      parent.key = std::move(node);
    }
  }

  std::uint32_t file_;
  std::string_view text_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchor> anchors_;
  std::size_t nodes_ = 0;
  YamlNode root_;
  std::vector<YamlNode> documents_;
};

Place place_of(const YAML::Mark& mark, std::string_view text, std::uint32_t file) {
  const auto offset = std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), text.size());
  return {file, static_cast<std::uint32_t>(offset), 1};
}

}  // namespace

const YamlEntry* YamlNode::find(std::string_view key) const {
  for (const YamlEntry& entry : entries) {
    if (entry.key.kind == Kind::kScalar && entry.key.scalar == key) return &entry;
  }
  return nullptr;
}

YamlStream parse_yaml(std::string_view text, std::uint32_t file) {
  YamlStream stream;
  Builder builder(file, text);
  ViewBuffer buffer(text);
  std::istream in(&buffer);
  try {
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    stream.problem = YamlProblem{stop.message, place_of(stop.mark, text, file)};
  } catch (const YAML::Exception& problem) {
    stream.problem = YamlProblem{problem.msg, place_of(problem.mark, text, file)};
  }
  stream.documents = builder.take(stream.problem.has_value());
  return stream;
}

}  // namespace saker::rules
