// JSON to oarlock's values and back, as the agents' protocol spells bytes and times. Needs no verb.

#ifndef AGENT_VALUES_HPP
#define AGENT_VALUES_HPP

#include <nlohmann/json.hpp>
#include <oarlock.hpp>
#include <string>
#include <string_view>

namespace values {

using nlohmann::json;

inline constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline std::string from_base64(const std::string &text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char digit : text.substr(0, text.find('='))) {
    const auto found = alphabet.find(digit);
    if (found == alphabet.npos) throw std::runtime_error("not base64");
    bits = bits << 6 | static_cast<std::uint32_t>(found);
    count += 6;
    if (count >= 8) bytes.push_back(static_cast<char>(bits >> (count -= 8)));
  }
  return bytes;
}

inline json bytes_to_json(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto left = bytes.size() - at;
    const auto byte = [&](std::size_t offset) {
      return offset < left ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + offset])) : 0;
    };
    const std::uint32_t bits = byte(0) << 16 | byte(1) << 8 | byte(2);
    text += {alphabet[bits >> 18], alphabet[bits >> 12 & 63], left > 1 ? alphabet[bits >> 6 & 63] : '=',
             left > 2 ? alphabet[bits & 63] : '='};
  }
  return {{"$bytes", text}};
}

// The questions that functions received since the last look.
inline json asked = json::array();

inline json to_json(const oarlock::value &value);
inline oarlock::argument from_json(const json &value);

// A function for a setting: gives its answers in turn, the last one for good.
inline oarlock::argument function(const json &answers) {
  return [answers, next = std::make_shared<std::size_t>(0)](const oarlock::value &question) {
    asked.push_back(to_json(question));
    const json &answer = answers[*next];
    if (*next + 1 < answers.size()) ++*next;
    if (answer.contains("$raise")) throw std::runtime_error(answer["$raise"].get<std::string>());
    return from_json(answer);
  };
}

inline oarlock::argument from_json(const json &value) {
  if (value.is_null()) return nullptr;
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  // Fractions and times are given as text, which oarlock reads.
  if (value.is_number()) return value.dump();
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    oarlock::list items;
    for (const auto &item : value) items.add(from_json(item));
    return items;
  }
  if (value.contains("$bytes")) return oarlock::bytes{from_base64(value["$bytes"])};
  if (value.contains("$time")) return from_json(value["$time"]);
  if (value.contains("$callback")) return function(value["$callback"]);
  oarlock::options entries;
  for (const auto &[name, entry] : value.items()) entries.set(name, from_json(entry));
  return entries;
}

inline json to_json(const oarlock::value &value) {
  json told;
  switch (value.type()) {
    case OARLOCK_TYPE_CALLBACK:
    case OARLOCK_TYPE_NULL: return nullptr;
    case OARLOCK_TYPE_BOOL: return value.as_bool();
    case OARLOCK_TYPE_INT: return value.as_int();
    case OARLOCK_TYPE_STR: return value.as_str();
    case OARLOCK_TYPE_BYTES: return bytes_to_json(value.as_bytes());
    case OARLOCK_TYPE_TIME: {
      const auto seconds = std::chrono::floor<std::chrono::seconds>(value.as_time());
      return {{"$time", {seconds.time_since_epoch().count(), (value.as_time() - seconds).count()}}};
    }
    case OARLOCK_TYPE_LIST:
      told = json::array();
      for (const auto &item : value) told.push_back(to_json(item));
      return told;
    case OARLOCK_TYPE_MAP:
      told = json::object();
      for (std::size_t at = 0; at < value.size(); ++at)
        told[std::string(value.name(at))] = to_json(value.at(at));
      return told;
  }
  return told;
}

inline json to_json(const oarlock::error &error) {
  const auto text = [](const std::optional<std::string> &fact) { return fact ? json(*fact) : json(nullptr); };
  return {{"kind", error.kind_name()},     {"message", error.what()},
          {"verb", text(error.verb())},    {"bucket", text(error.bucket())},
          {"key", text(error.key())},      {"status", error.status() ? json(error.status()) : json(nullptr)},
          {"code", text(error.code())},    {"request_id", text(error.request_id())},
          {"retryable", error.retryable()}};
}

}  // namespace values

#endif
