#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oneproxy {

/// What a Python pickle holds, as plain data: nothing is ever run or made from a name. Names of a fixed list (numpy's
/// arrays and scalars, pandas' frames, PyTorch's tensors, OrderedDict) are read as objects that keep their name,
/// arguments and state; a pickle with any other name is refused by that name.
class Pickle {
 public:
  using Index = std::uint32_t;
  enum class Kind : std::uint8_t {
    none,
    boolean,
    integer,
    big_integer,  ///< beyond 64 bits: bytes, little-endian two's complement
    real,
    text,
    bytes,
    list,
    tuple,
    dictionary,  ///< items: key, value, key, value, ..
    global,      ///< text: "module name"
    object,      ///< items: the global or class, its arguments (a tuple), and the state where it was given one
    persistent,  ///< items: the id; a reference out of the pickle
  };
  struct Node {
    Kind kind = Kind::none;
    std::int64_t integer = 0;  ///< of boolean and integer
    double real = 0;
    std::string text;  ///< of text (UTF-8), bytes, big_integer, global
    std::vector<Index> items;
  };

  /// Reads one pickle (protocols 0 to 5) at the beginning of `content`. `name` stands in messages.
  /// @throws InputError naming the place: cut off, an unknown opcode or name, a stack that does not fit, or more than
  /// 20 million values.
  Pickle(std::string_view content, std::string name);

  /// Bytes of `content` that it took.
  std::size_t size() const { return size_; }
  const std::string& name() const { return name_; }

  const Node& operator[](Index index) const { return nodes_[index]; }
  Index root() const { return root_; }
  Index node_count() const { return static_cast<Index>(nodes_.size()); }

  /// The value of a text key, or `absent` where this is no dictionary or lacks it.
  static constexpr Index absent = 0xffffffff;
  Index find(Index dictionary, std::string_view key) const;
  /// Whether `index` is an object of the global "module name".
  bool is_object(Index index, std::string_view global) const;
  /// A boolean, an integer or a real. @throws InputError where it is none.
  double number(Index index) const;
  /// Items of a list or tuple. @throws InputError where it is neither.
  const std::vector<Index>& items(Index index) const;

 private:
  friend class PickleMachine;
  std::string name_;
  std::vector<Node> nodes_;
  Index root_ = 0;
  std::size_t size_ = 0;
};

}  // namespace oneproxy
