// Messages for people: Slack, Discord, Teams. Keys and content as Falcosidekick's, within what each system
// takes.
#pragma once

#include <functional>
#include <string>

#include "spool/event.h"

namespace saker::delivery {

enum class ChatContent { kAll, kText, kFields };  // outputformat: all, text, fields

struct ChatOptions {
  std::string channel{};   // Slack
  std::string username{};  // Slack, Discord
  std::string icon{};      // a URL; Teams: activityimage
  std::string footer{};    // Slack
  ChatContent content = ChatContent::kAll;
  // Makes the text above the alert (Slack's messageformat); empty = none.
  std::function<std::string(const spool::Event&)> headline{};
};

std::string slack_message(const ChatOptions& options, const spool::Event& event);
std::string discord_message(const ChatOptions& options, const spool::Event& event);
std::string teams_message(const ChatOptions& options, const spool::Event& event);

}  // namespace saker::delivery
