#include "delivery/sinks/chat.h"

#include <nlohmann/json.hpp>

#include <array>

namespace saker::delivery {
namespace {

using nlohmann::json;
using spool::Event;

// By priority, from Emergency on.
constexpr std::array<std::uint32_t, spool::kPriorityCount> kColours = {
    0xe20b0b, 0xff5400, 0xff8c00, 0xffa500, 0xffc700, 0x68c2ff, 0x5bffb5, 0x9e9e9e};
constexpr std::string_view kFooter = "saker-relay";

std::uint32_t colour_of(const Event& event) { return kColours[static_cast<std::size_t>(event.priority)]; }

std::string hex(std::uint32_t colour) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 20; shift >= 0; shift -= 4) text += kDigits[(colour >> shift) & 0xF];
  return text;
}

// At most `bytes`, whole characters, marked when something is missing.
std::string shortened(std::string text, std::size_t bytes) {
  static constexpr std::string_view kMark = "...";
  if (text.size() <= bytes) return text;
  std::size_t end = bytes - kMark.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text += kMark;
}

std::string tags_of(const Event& event) {
  std::string all;
  for (const std::string& tag : event.tags) all += (all.empty() ? "" : ", ") + tag;
  return all;
}

// Rule, priority and so on, then the fields: name and value.
std::vector<std::pair<std::string, std::string>> facts_of(const Event& event) {
  std::vector<std::pair<std::string, std::string>> facts = {
      {"rule", event.rule},
      {"priority", std::string(spool::name_of(event.priority))},
      {"source", event.source}};
  if (!event.hostname.empty()) facts.emplace_back("hostname", event.hostname);
  if (!event.tags.empty()) facts.emplace_back("tags", tags_of(event));
  for (const spool::Field& field : event.fields) {
    if (field.is_text && !field.value.empty()) facts.emplace_back(field.name, field.value);
  }
  facts.emplace_back("time", event.time);
  return facts;
}

std::string printed(const json& message) {
  return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string slack_message(const ChatOptions& options, const Event& event) {
  static constexpr std::size_t kTextBytesMax = 3000;
  static constexpr std::size_t kShortBytesMax = 36;
  static constexpr std::size_t kFieldsMax = 100;
  json attachment{{"fallback", shortened(event.output, kTextBytesMax)},
                  {"color", "#" + hex(colour_of(event))},
                  {"footer", options.footer.empty() ? std::string(kFooter) : options.footer}};
  if (options.content != ChatContent::kFields) attachment["text"] = shortened(event.output, kTextBytesMax);
  if (options.content != ChatContent::kText) {
    json& fields = attachment["fields"] = json::array();
    for (auto& [name, value] : facts_of(event)) {
      if (fields.size() >= kFieldsMax) break;
      const bool is_short = value.size() <= kShortBytesMax;
      fields.push_back(
          {{"title", name}, {"value", shortened(std::move(value), kTextBytesMax)}, {"short", is_short}});
    }
  }
  json message{{"attachments", json::array({attachment})}};
  if (options.headline) message["text"] = shortened(options.headline(event), kTextBytesMax);
  if (!options.username.empty()) message["username"] = options.username;
  if (!options.icon.empty()) message["icon_url"] = options.icon;
  if (!options.channel.empty()) message["channel"] = options.channel;
  return printed(message);
}

std::string discord_message(const ChatOptions& options, const Event& event) {
  // Discord refuses what is longer, and all of an embed above 6,000 characters.
  static constexpr std::size_t kFieldsMax = 25;
  static constexpr std::size_t kNameBytesMax = 256;
  static constexpr std::size_t kValueBytesMax = 1024;
  static constexpr std::size_t kDescriptionBytesMax = 2000;
  static constexpr std::size_t kAllBytesMax = 5500;
  std::size_t bytes = 0;
  json embed{{"color", colour_of(event)},
             {"timestamp", spool::format_time_utc(event.time_ns / 1'000'000 * 1'000'000)}};
  if (options.content != ChatContent::kFields) {
    std::string text = shortened(event.output, kDescriptionBytesMax);
    bytes += text.size();
    embed["description"] = std::move(text);
  }
  if (options.content != ChatContent::kText) {
    json& fields = embed["fields"] = json::array();
    for (auto& [name, value] : facts_of(event)) {
      std::string short_value = shortened(std::move(value), kValueBytesMax);
      bytes += name.size() + short_value.size();
      if (fields.size() >= kFieldsMax || bytes > kAllBytesMax) break;
      const bool is_inline = short_value.size() <= 36;
      fields.push_back({{"name", shortened(name, kNameBytesMax)},
                        {"value", std::move(short_value)},
                        {"inline", is_inline}});
    }
  }
  json message{{"content", ""}, {"embeds", json::array({embed})}};
  if (!options.username.empty()) message["username"] = options.username;
  if (!options.icon.empty()) message["avatar_url"] = options.icon;
  return printed(message);
}

std::string teams_message(const ChatOptions& options, const Event& event) {
  static constexpr std::size_t kTextBytesMax = 8000;  // of 28 KB for all
  static constexpr std::size_t kFactsMax = 60;
  static constexpr std::size_t kFactBytesMax = 300;
  json section{{"activityTitle", "Falco alert"}, {"activitySubTitle", event.time}};
  if (!options.icon.empty()) section["activityImage"] = options.icon;
  if (options.content != ChatContent::kFields) section["text"] = shortened(event.output, kTextBytesMax);
  if (options.content != ChatContent::kText) {
    json& facts = section["facts"] = json::array();
    for (auto& [name, value] : facts_of(event)) {
      if (facts.size() >= kFactsMax) break;
      facts.push_back({{"name", name}, {"value", shortened(std::move(value), kFactBytesMax)}});
    }
  }
  return printed({{"@type", "MessageCard"},
                  {"@context", "http://schema.org/extensions"},
                  {"themeColor", hex(colour_of(event))},
                  {"summary", shortened(event.rule, kFactBytesMax)},
                  {"sections", json::array({section})}});
}

}  // namespace saker::delivery
