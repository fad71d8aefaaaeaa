#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "oneproxy/base/error.hpp"
#include "oneproxy/data/pickle.hpp"

namespace oneproxy {

/// Names that a pickle may hold: of data alone. None is ever called.
inline constexpr std::array<std::string_view, 26> known_pickle_globals{"collections OrderedDict",
                                                                       "numpy dtype",
                                                                       "numpy ndarray",
                                                                       "numpy.core.multiarray _reconstruct",
                                                                       "numpy.core.multiarray scalar",
                                                                       "numpy.core.numeric _frombuffer",
                                                                       "numpy._core.multiarray _reconstruct",
                                                                       "numpy._core.multiarray scalar",
                                                                       "numpy._core.numeric _frombuffer",
                                                                       "_codecs encode",
                                                                       "builtins slice",
                                                                       "__builtin__ slice",
                                                                       "pandas.core.frame DataFrame",
                                                                       "pandas.core.internals.managers BlockManager",
                                                                       "pandas.core.indexes.base _new_Index",
                                                                       "pandas.core.indexes.base Index",
                                                                       "pandas.core.indexes.range RangeIndex",
                                                                       "pandas.core.indexes.numeric Int64Index",
                                                                       "torch._utils _rebuild_tensor",
                                                                       "torch._utils _rebuild_tensor_v2",
                                                                       "torch._utils _rebuild_parameter",
                                                                       "torch FloatStorage",
                                                                       "torch DoubleStorage",
                                                                       "torch LongStorage",
                                                                       "torch IntStorage",
                                                                       "torch HalfStorage"};

/// The machine that pickles are programs of, without the instructions that would make anything but data.
class PickleMachine {
 public:
  using Index = Pickle::Index;
  using Kind = Pickle::Kind;

  PickleMachine(std::string_view content, Pickle& pickle) : content_(content), pickle_(pickle) {}

  void run() {
    while (!stopped_) step();
    if (stack_.size() != 1) fail("ends with " + std::to_string(stack_.size()) + " values; expected one");
    pickle_.root_ = stack_.back();
    pickle_.size_ = at_;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(pickle_.name_ + ", byte " + std::to_string(opcode_at_), what);
  }

  // What follows an opcode.
  std::string_view take(std::uint64_t count) {
    if (count > content_.size() - at_) fail("the pickle is cut off");
    const auto bytes = content_.substr(at_, count);
    at_ += count;
    return bytes;
  }
  std::uint64_t take_unsigned(std::size_t byte_count) {
    std::uint64_t value = 0;
    const auto bytes = take(byte_count);
    for (std::size_t i = 0; i < byte_count; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return value;
  }
  std::string_view take_line() {
    const auto end = content_.find('\n', at_);
    if (end == std::string_view::npos) fail("the pickle is cut off");
    const auto line = take(end - at_);
    ++at_;
    return line;
  }
  template <class Number>
  Number parse(std::string_view text) const {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) fail("a number is not of that form");
    return value;
  }

  // The stack.
  Index make(Kind kind) {
    if (pickle_.nodes_.size() >= most_nodes) fail("has more than 20 million values");
    pickle_.nodes_.emplace_back().kind = kind;
    return static_cast<Index>(pickle_.nodes_.size() - 1);
  }
  Pickle::Node& node(Index index) { return pickle_.nodes_[index]; }
  void push(Index index) { stack_.push_back(index); }
  Pickle::Node& push_new(Kind kind) {
    push(make(kind));
    return node(stack_.back());
  }
  void push_integer(std::int64_t value) { push_new(Kind::integer).integer = value; }
  void push_text(Kind kind, std::string_view text) { push_new(kind).text = text; }
  Index top() {
    if (stack_.empty() || (!marks_.empty() && stack_.size() == marks_.back())) fail("takes a value that there is not");
    return stack_.back();
  }
  Index pop() {
    const Index index = top();
    stack_.pop_back();
    return index;
  }
  std::vector<Index> pop_to_mark() {
    if (marks_.empty()) fail("takes values up to a mark that there is not");
    const auto from = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Index> items(from, stack_.end());
    stack_.erase(from, stack_.end());
    marks_.pop_back();
    return items;
  }
  void push_items(Kind kind, std::vector<Index> items) {
    if (kind == Kind::dictionary && items.size() % 2 != 0) fail("a key lacks its value");
    push_new(kind).items = std::move(items);
  }
  void push_last(std::size_t count) {
    std::vector<Index> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    push_items(Kind::tuple, std::move(items));
  }

  void remember(std::uint64_t key) { memo_[key] = top(); }
  void recall(std::uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) fail("recalls a value that was not kept");
    push(found->second);
  }

  void push_global(const std::string& module, const std::string& name) {
    const std::string global = module + " " + name;
    if (std::ranges::find(known_pickle_globals, global) == known_pickle_globals.end()) {
      std::string shown = global.substr(0, 200);
      std::ranges::replace_if(
          shown, [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
      std::ranges::replace(shown, ' ', '.');
      fail("refused: it asks for '" + shown + "', which is not known as data");
    }
    push_text(Kind::global, global);
  }
  void push_object(Index of, Index arguments) {
    if (node(of).kind != Kind::global) fail("calls what is not a known name");
    push_items(Kind::object, {of, arguments});
  }

  /// Adds to the list, dictionary or object (a dictionary that keeps its order) on top.
  void append(std::vector<Index> items) {
    auto& target = node(top());
    if (target.kind != Kind::list) fail("appends to what is not a list");
    target.items.insert(target.items.end(), items.begin(), items.end());
  }
  void set_items(std::vector<Index> items) {
    if (items.size() % 2 != 0) fail("a key lacks its value");
    const Index target = top();
    if (node(target).kind == Kind::object && pickle_.is_object(target, "collections OrderedDict")) {
      node(target).kind = Kind::dictionary;
      node(target).items.clear();
    }
    if (node(target).kind != Kind::dictionary) fail("sets an item of what is not a dictionary");
    node(target).items.insert(node(target).items.end(), items.begin(), items.end());
  }
  void build() {
    const Index state = pop();
    const Index target = top();
    // A dictionary made of an OrderedDict may have attributes of its own, which are no data.
    if (node(target).kind == Kind::dictionary) return;
    if (node(target).kind != Kind::object) fail("gives a state to what is not an object");
    auto& items = node(target).items;
    items.resize(2);
    items.push_back(state);
  }

  static bool negative(char byte) { return (static_cast<unsigned char>(byte) & 0x80U) != 0; }

  void push_long(std::string_view bytes) {
    while (bytes.size() > 1 && ((bytes.back() == '\0' && !negative(bytes[bytes.size() - 2])) ||
                                (bytes.back() == '\xff' && negative(bytes[bytes.size() - 2])))) {
      bytes.remove_suffix(1);  // bytes that only carry the sign on
    }
    if (bytes.size() > 8) return push_text(Kind::big_integer, bytes);
    std::uint64_t value = !bytes.empty() && negative(bytes.back()) ? ~std::uint64_t{0} : 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    push_integer(static_cast<std::int64_t>(value));
  }

  void push_real(std::string_view bytes) {
    std::uint64_t bits = 0;
    for (const char c : bytes) bits = bits << 8 | static_cast<unsigned char>(c);
    push_new(Kind::real).real = std::bit_cast<double>(bits);
  }

  /// The next instruction.
  void step();

  static constexpr std::size_t most_nodes = 20'000'000;

  std::string_view content_;
  Pickle& pickle_;
  std::size_t at_ = 0;
  std::size_t opcode_at_ = 0;
  bool stopped_ = false;
  std::vector<Index> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Index> memo_;
};

}  // namespace oneproxy
