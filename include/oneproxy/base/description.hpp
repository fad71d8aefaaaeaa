#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oneproxy {

/// A value in double quotes, as Description reads it.
std::string quote_setting(std::string_view value);

/// The text by which spaces and devices are named: `name` or `name(key=value, key=value)`, e.g.
/// `mobilenet_v2(resolution=28, width=0.5)`; a list is `widths=16:24:40`; one value without a key has the key "".
/// A value in double quotes may hold commas and parentheses; in it \" is a quote and \\ a backslash.
/// Settings are taken one by one with their defaults; finish() refuses what nobody took.
class Description {
 public:
  /// @throws InputError where the text is not of that form or a key stands twice.
  static Description parse(std::string_view text);

  const std::string& name() const { return name_; }

  std::string take(std::string_view key, std::string_view fallback);
  int take_int(std::string_view key, int fallback, int lowest, int highest);
  double take_double(std::string_view key, double fallback, double lowest, double highest);
  std::vector<int> take_ints(std::string_view key, std::vector<int> fallback);
  /// One of `choices`.
  std::string take_choice(std::string_view key, std::string_view fallback, const std::vector<std::string>& choices);

  /// @throws InputError naming the first setting that was not taken, and those that there are.
  void finish() const;

 private:
  std::optional<std::string> find(std::string_view key);

  std::string name_;
  std::vector<std::pair<std::string, std::string>> settings_;
  std::vector<std::string> known_;  // keys asked for, for the message of finish()
};

}  // namespace oneproxy
