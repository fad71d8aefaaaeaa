#include "oneproxy/data/import.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "frame.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/data/operator_table.hpp"

namespace oneproxy {
namespace {

using Index = Pickle::Index;
using Kind = Pickle::Kind;

/// The value at the keys; `stop_at_frame`: keys within a frame are left to the caller.
Index at_keys(const PythonFile& file, const FilePart& part) {
  const Pickle& pickle = file.pickle();
  Index at = pickle.root();
  for (const auto& key : part.keys) {
    if (pickle.is_object(at, "pandas.core.frame DataFrame")) return at;
    const Index next = pickle.find(at, key);
    if (next == Pickle::absent) throw InputError(pickle.name(), "there is no '" + key + "' at that place");
    at = next;
  }
  return at;
}

std::vector<double> numbers(const PythonFile& file, const std::vector<Index>& items) {
  std::vector<double> result;
  for (const Index item : items) {
    const NumberArray one = file.array(item);
    if (one.values.size() != 1) throw InputError(file.pickle().name(), "expected a number where it holds a list");
    result.push_back(one.values.front());
  }
  return result;
}

template <class Function>
auto in_row(const std::string& name, std::size_t row, const Function& function) {
  try {
    return function();
  } catch (const InputError& error) {
    throw InputError(name + ", network " + std::to_string(row), error.what());
  }
}

std::vector<Architecture> of_texts(const std::vector<std::string>& texts, const SearchSpace& space,
                                   const std::string& name) {
  std::vector<Architecture> result;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    result.push_back(in_row(name, i, [&] { return space.parse(texts[i]); }));
  }
  return result;
}

/// A dictionary from texts to 0, 1, ..
std::vector<Architecture> of_numbered(const PythonFile& file, Index index, const SearchSpace& space) {
  const Pickle& pickle = file.pickle();
  const auto& items = pickle[index].items;
  std::vector<std::string> texts(items.size() / 2);
  std::vector<bool> seen(texts.size());
  for (std::size_t i = 0; i < items.size(); i += 2) {
    const double number = pickle.number(items[i + 1]);
    if (pickle[items[i]].kind != Kind::text || !(number >= 0) || number >= static_cast<double>(texts.size()) ||
        number != std::floor(number) || seen[static_cast<std::size_t>(number)]) {
      throw InputError(pickle.name(), "expected a dictionary from texts to the numbers from 0 on");
    }
    seen[static_cast<std::size_t>(number)] = true;
    texts[static_cast<std::size_t>(number)] = pickle[items[i]].text;
  }
  return of_texts(texts, space, pickle.name());
}

/// Once-for-All's dictionaries of kernels, expansions, depths and the resolution.
std::vector<Architecture> of_once_for_all(const PythonFile& file, Index list, const SearchSpace& space) {
  const Pickle& pickle = file.pickle();
  std::vector<Architecture> result;
  for (const Index each : pickle.items(list)) {
    std::vector<double> row;
    for (const char* key : {"ks", "e", "d", "r"}) {
      const Index found = pickle.find(each, key);
      if (found == Pickle::absent) throw InputError(pickle.name(), std::string("an architecture lacks '") + key + "'");
      const NumberArray values = file.array(found);
      row.insert(row.end(), values.values.begin(), values.values.end());
    }
    result.push_back(in_row(pickle.name(), result.size(), [&] { return architecture_of_row(space, row); }));
  }
  return result;
}

const Frame::Column& column_of(const Frame& frame, const std::string& name, const std::string& file) {
  std::string known;
  for (const auto& column : frame.columns) {
    if (column.name == name) return column;
    known += (known.empty() ? "" : ", ") + column.name;
  }
  throw InputError(file, "has no column '" + name + "'; there are " + known);
}

std::vector<Architecture> of_frame(const Frame& frame, const SearchSpace& space, const std::string& name) {
  for (const auto& column : frame.columns) {
    if (!column.texts.empty()) return of_texts(column.texts, space, name);
  }
  throw InputError(name, "the frame has no column of texts");
}

}  // namespace

FilePart FilePart::parse(const std::string& text) {
  const auto hash = text.rfind('#');
  FilePart part{text.substr(0, hash), {}};
  if (hash == std::string::npos) return part;
  std::istringstream keys(text.substr(hash + 1));
  for (std::string key; std::getline(keys, key, '.');) part.keys.push_back(key);
  return part;
}

Architecture architecture_of_row(const SearchSpace& space, std::span<const double> row) {
  const auto all = space.decisions();
  if (std::ranges::any_of(row, [](double v) { return !(v >= 0 && v <= 65'535) || v != std::floor(v); })) {
    throw InputError("architecture", "expected whole numbers");
  }
  if (space.key_field_count() > 1 && row.size() == space.key_field_count()) {
    std::string text;
    for (const double value : row) text += (text.empty() ? "" : ".") + std::to_string(static_cast<int>(value));
    return space.parse(text);
  }
  Architecture x(all.size());
  if (row.size() == all.size()) {
    for (std::size_t d = 0; d < row.size(); ++d) x[d] = static_cast<std::uint8_t>(std::min(row[d], 255.0));
    if (!space.contains(x)) throw InputError("architecture", "a number is not one of the options");
    return space.canonical(x);
  }
  if (row.size() == space.feature_count() || row.size() + 1 == space.feature_count()) {
    // Right for an encoding of all decisions; whether it is one shows when it is encoded again.
    std::size_t first = 0;
    for (std::size_t d = 0; d < all.size() && first + all[d].options.size() <= row.size(); ++d) {
      const auto group = row.subspan(first, all[d].options.size());
      x[d] = static_cast<std::uint8_t>(std::ranges::max_element(group) - group.begin());
      first += group.size();
    }
    const FeatureMatrix again = space.encode({&x, 1});
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (again(0, static_cast<Eigen::Index>(i)) != row[i]) {
        throw InputError("architecture", "is not an encoding of " + space.description());
      }
    }
    return space.canonical(x);
  }
  throw InputError("architecture", "has " + std::to_string(row.size()) + " numbers; expected " +
                                       std::to_string(std::max(space.key_field_count(), all.size())) + " or " +
                                       std::to_string(space.feature_count()));
}

std::vector<Architecture> import_architectures(const FilePart& part, const SearchSpace& space) {
  const PythonFile file(part.file);
  const Pickle& pickle = file.pickle();
  const Index at = at_keys(file, part);
  if (const auto frame = read_frame(file, at)) return of_frame(*frame, space, pickle.name());
  if (pickle[at].kind == Kind::dictionary) {
    const Index list = pickle.find(at, "arch");
    return list == Pickle::absent ? of_numbered(file, at, space) : of_once_for_all(file, list, space);
  }
  const auto is_text = [&](Index item) { return pickle[item].kind == Kind::text; };
  if (pickle[at].kind == Kind::list && !pickle[at].items.empty() && is_text(pickle[at].items.front())) {
    return of_texts(file.texts(at), space, pickle.name());
  }
  const NumberArray rows = file.array(at);
  if (rows.shape.size() != 2) throw InputError(pickle.name(), "expected a list of architectures");
  const auto width = static_cast<std::size_t>(rows.shape[1]);
  std::vector<Architecture> result;
  for (std::size_t i = 0; i < static_cast<std::size_t>(rows.shape[0]); ++i) {
    result.push_back(in_row(pickle.name(), i, [&] {
      return architecture_of_row(space, std::span(rows.values).subspan(i * width, width));
    }));
  }
  return result;
}

ImportedValues import_values(const FilePart& part, const SearchSpace& space, std::optional<double> missing) {
  const PythonFile file(part.file);
  const Pickle& pickle = file.pickle();
  const Index at = at_keys(file, part);
  ImportedValues result;
  if (const auto frame = read_frame(file, at)) {
    if (part.keys.empty()) throw InputError(pickle.name(), "is a frame; say which column, as in FILE#COLUMN");
    result.values = column_of(*frame, part.keys.back(), pickle.name()).numbers;
    if (result.values.empty()) throw InputError(pickle.name(), "the column holds no numbers");
    result.architectures = of_frame(*frame, space, pickle.name());
  } else if (pickle[at].kind == Kind::dictionary) {
    const auto& items = pickle[at].items;
    for (std::size_t i = 0; i < items.size(); i += 2) {
      result.architectures.push_back(in_row(pickle.name(), i / 2, [&] {
        const auto& key = pickle[items[i]];
        return key.kind == Kind::text ? space.parse(key.text)
                                      : architecture_of_row(space, numbers(file, pickle.items(items[i])));
      }));
      result.values.push_back(numbers(file, {items[i + 1]}).front());
    }
  } else {
    const NumberArray array = file.array(at);
    if (array.shape.size() != 1) throw InputError(pickle.name(), "expected a list of numbers");
    result.values = array.values;
  }
  for (double& value : result.values) {
    if (missing && value == *missing) value = std::numeric_limits<double>::quiet_NaN();
  }
  return result;
}

std::vector<std::string> describe_file(const std::filesystem::path& path) {
  if (is_operator_table(path)) {
    const auto table = read_operator_table(path);
    return {"operator table: " + std::to_string(table.size()) + " operators, the first " + table.front().key};
  }
  const PythonFile file(path);
  const Pickle& pickle = file.pickle();
  const auto line = [&](Index index) -> std::string {
    if (const auto frame = read_frame(file, index)) {
      std::string columns;
      for (const auto& column : frame->columns) columns += (columns.empty() ? "" : ", ") + column.name;
      return "frame of columns " + columns;
    }
    if (pickle[index].kind == Kind::text) return "text '" + pickle[index].text.substr(0, 80) + "'";
    if (pickle[index].kind == Kind::dictionary) {
      return "dictionary of " + std::to_string(pickle[index].items.size() / 2) + " entries";
    }
    if (!file.is_array(index)) return "list of " + std::to_string(pickle[index].items.size()) + " entries";
    std::string shape;
    for (const auto size : file.array(index).shape) shape += (shape.empty() ? "" : " x ") + std::to_string(size);
    return shape.empty() ? "a number" : "numbers, " + shape;
  };
  std::vector<std::string> result{line(pickle.root())};
  constexpr std::size_t most_lines = 40;
  if (pickle[pickle.root()].kind != Kind::dictionary) return result;
  const auto& items = pickle[pickle.root()].items;
  for (std::size_t i = 0; i < items.size() && result.size() < most_lines; i += 2) {
    if (pickle[items[i]].kind == Kind::text) result.push_back(pickle[items[i]].text + ": " + line(items[i + 1]));
  }
  return result;
}

}  // namespace oneproxy
