#include "oneproxy/base/description.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

template <class Number>
Number number(const std::string& name, std::string_view key, std::string_view text, Number lowest, Number highest) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= lowest && value <= highest)) {
    std::ostringstream what;
    what << "'" << text << "' is not a number from " << lowest << " to " << highest;
    throw InputError(name + ", setting " + std::string(key), what.str());
  }
  return value;
}

/// The text up to the first comma outside quotes, which is taken off `rest` with the comma.
std::string_view take_item(std::string_view& rest) {
  bool quoted = false;
  std::size_t i = 0;
  for (; i < rest.size() && (quoted || rest[i] != ','); ++i) {
    if (quoted && rest[i] == '\\')
      ++i;  // the next character is no end of the quotes
    else if (rest[i] == '"')
      quoted = !quoted;
  }
  i = std::min(i, rest.size());
  const std::string_view item = rest.substr(0, i);
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return item;
}

/// A value without its quotes; nothing where the quotes do not end at its end.
std::optional<std::string> unquote(std::string_view value) {
  if (!value.starts_with('"')) return std::string(value);
  std::string text;
  for (std::size_t i = 1; i < value.size(); ++i) {
    if (value[i] == '"') return i + 1 == value.size() ? std::optional(text) : std::nullopt;
    const bool escape = value[i] == '\\' && i + 1 < value.size() && (value[i + 1] == '"' || value[i + 1] == '\\');
    text += value[escape ? ++i : i];
  }
  return std::nullopt;
}

}  // namespace

std::string quote_setting(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

Description Description::parse(std::string_view text) {
  text = trim(text);
  const auto open = text.find('(');
  Description result;
  result.name_ = trim(text.substr(0, open));
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  if (result.name_.empty() || !std::ranges::all_of(result.name_, is_word) ||
      (open != std::string_view::npos && text.back() != ')')) {
    throw InputError("'" + std::string(text) + "'", "expected name or name(key=value, key=value)");
  }
  if (open == std::string_view::npos) return result;
  std::string_view rest = text.substr(open + 1, text.size() - open - 2);
  while (!trim(rest).empty()) {
    const std::string_view item = trim(take_item(rest));
    const auto equals = item.starts_with('"') ? std::string_view::npos : item.find('=');
    std::string key(equals == std::string_view::npos ? "" : trim(item.substr(0, equals)));
    const auto unquoted = unquote(trim(equals == std::string_view::npos ? item : item.substr(equals + 1)));
    if (!unquoted) {
      throw InputError("'" + std::string(text) + "'", "'" + std::string(item) + "' has quotes that do not end");
    }
    std::string value = *unquoted;
    if (value.empty() || (equals != std::string_view::npos && key.empty())) {
      throw InputError("'" + std::string(text) + "'", "'" + std::string(item) + "' is not key=value");
    }
    for (const auto& [known, unused] : result.settings_) {
      if (known == key) throw InputError("'" + std::string(text) + "'", "setting '" + key + "' stands twice");
    }
    result.settings_.emplace_back(std::move(key), std::move(value));
  }
  return result;
}

std::optional<std::string> Description::find(std::string_view key) {
  known_.emplace_back(key);
  for (auto it = settings_.begin(); it != settings_.end(); ++it) {
    if (it->first != key) continue;
    std::string value = std::move(it->second);
    settings_.erase(it);
    return value;
  }
  return std::nullopt;
}

std::string Description::take(std::string_view key, std::string_view fallback) {
  return find(key).value_or(std::string(fallback));
}

int Description::take_int(std::string_view key, int fallback, int lowest, int highest) {
  const auto text = find(key);
  return text ? number<int>(name_, key, *text, lowest, highest) : fallback;
}

double Description::take_double(std::string_view key, double fallback, double lowest, double highest) {
  const auto text = find(key);
  return text ? number<double>(name_, key, *text, lowest, highest) : fallback;
}

std::vector<int> Description::take_ints(std::string_view key, std::vector<int> fallback) {
  const auto text = find(key);
  if (!text) return fallback;
  std::vector<int> values;
  std::istringstream items(*text);
  for (std::string item; std::getline(items, item, ':');) {
    values.push_back(number<int>(name_, key, trim(item), 1, 1 << 20));
  }
  return values;
}

std::string Description::take_choice(std::string_view key, std::string_view fallback,
                                     const std::vector<std::string>& choices) {
  std::string value = take(key, fallback);
  if (std::ranges::find(choices, value) != choices.end()) return value;
  std::string expected;
  for (const auto& choice : choices) expected += (expected.empty() ? "" : ", ") + choice;
  throw InputError(name_ + ", setting " + std::string(key),
                   "'" + value + "' is not one of " + expected + suggestion(value, choices));
}

void Description::finish() const {
  if (settings_.empty()) return;
  std::string keys;
  for (const auto& key : known_) {
    if (!key.empty()) keys += (keys.empty() ? "" : ", ") + key;
  }
  const auto& [key, value] = settings_.front();
  const std::string label = key.empty() ? "value '" + value + "'" : "setting '" + key + "'";
  throw InputError(name_, "unknown " + label + (keys.empty() ? "; there are none" : "; there are " + keys) +
                              suggestion(key, known_));
}

}  // namespace oneproxy
