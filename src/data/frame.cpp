#include "frame.hpp"

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

using Index = Pickle::Index;
using Kind = Pickle::Kind;

class FrameReader {
 public:
  explicit FrameReader(const PythonFile& file) : file_(file), pickle_(file.pickle()) {}

  Frame read(Index index) const {
    const Index manager = value(state(index), "_data", "_mgr");
    // The manager's state ends with the form of version 0.14.1: axes and blocks by name.
    Index blocks = Pickle::absent;
    Index axes = Pickle::absent;
    for (const Index part : pickle_.items(state(manager))) {
      const Index form = pickle_.find(part, "0.14.1");
      if (form == Pickle::absent) continue;
      blocks = value(form, "blocks");
      axes = value(form, "axes");
    }
    if (blocks == Pickle::absent) fail("it is of an unknown version");
    const auto names = column_names(pickle_.items(axes).at(0));
    Frame frame{std::vector<Frame::Column>(names.size())};
    for (std::size_t c = 0; c < names.size(); ++c) frame.columns[c].name = names[c];
    for (const Index block : pickle_.items(blocks)) {
      add_block(value(block, "values"), places(value(block, "mgr_locs"), names.size()), frame);
    }
    return frame;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw InputError(pickle_.name(), "pandas frame: " + what); }

  Index state(Index object) const {
    if (pickle_[object].kind != Kind::object || pickle_[object].items.size() < 3) fail("a part lacks its state");
    return pickle_[object].items[2];
  }
  Index value(Index dictionary, std::string_view key, std::string_view or_key = {}) const {
    Index found = pickle_.find(dictionary, key);
    if (found == Pickle::absent && !or_key.empty()) found = pickle_.find(dictionary, or_key);
    if (found == Pickle::absent) fail("it lacks " + std::string(key));
    return found;
  }

  /// Of an index object: _new_Index(class, {"data": array of texts}).
  std::vector<std::string> column_names(Index axis) const {
    if (!pickle_.is_object(axis, "pandas.core.indexes.base _new_Index")) fail("its columns are of another form");
    const auto& arguments = pickle_.items(pickle_[axis].items[1]);
    if (arguments.size() < 2) fail("its columns are of another form");
    return file_.texts(value(arguments[1], "data"));
  }

  /// Which columns a block holds: slice(first, last, step).
  std::vector<std::size_t> places(Index slice, std::size_t column_count) const {
    if (!pickle_.is_object(slice, "builtins slice") && !pickle_.is_object(slice, "__builtin__ slice")) {
      fail("a block's place is of another form");
    }
    const auto& arguments = pickle_.items(pickle_[slice].items[1]);
    if (arguments.size() != 3) fail("a block's place is of another form");
    const double step = pickle_.number(arguments[2]);
    if (!(step >= 1)) fail("a block's place is of another form");
    std::vector<std::size_t> result;
    for (double at = pickle_.number(arguments[0]); at < pickle_.number(arguments[1]); at += step) {
      if (!(at >= 0) || at >= static_cast<double>(column_count)) fail("a block lies outside the columns");
      result.push_back(static_cast<std::size_t>(at));
    }
    return result;
  }

  /// A block is an array of columns x rows.
  void add_block(Index values, const std::vector<std::size_t>& columns, Frame& frame) const {
    bool is_texts = true;
    std::vector<std::string> texts;
    NumberArray numbers;
    try {
      texts = file_.texts(values);
    } catch (const InputError&) {
      is_texts = false;
      numbers = file_.array(values);
    }
    const std::size_t count = is_texts ? texts.size() : numbers.values.size();
    if (columns.empty() || count % columns.size() != 0) fail("a block's size does not fit its columns");
    const std::size_t rows = count / columns.size();
    for (std::size_t c = 0; c < columns.size(); ++c) {
      auto& column = frame.columns[columns[c]];
      for (std::size_t r = c * rows; r < (c + 1) * rows; ++r) {
        if (is_texts) {
          column.texts.push_back(texts[r]);
        } else {
          column.numbers.push_back(numbers.values[r]);
        }
      }
    }
  }

  const PythonFile& file_;
  const Pickle& pickle_;
};

}  // namespace

std::optional<Frame> read_frame(const PythonFile& file, Pickle::Index index) {
  if (!file.pickle().is_object(index, "pandas.core.frame DataFrame")) return std::nullopt;
  return FrameReader(file).read(index);
}

}  // namespace oneproxy
