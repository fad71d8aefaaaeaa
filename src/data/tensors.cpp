#include "oneproxy/data/tensors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "zip_archive.hpp"

namespace oneproxy {
namespace {

using Index = Pickle::Index;
using Kind = Pickle::Kind;
constexpr std::int64_t most_values = 50'000'000;

/// A type of numbers in memory.
struct Type {
  char kind = 'f';  ///< f: floating point, i: signed, u: unsigned, b: boolean
  std::size_t size = 8;
  bool big_endian = false;
};

double value_at(const char* bytes, const Type& type) {
  std::array<unsigned char, 8> raw{};
  for (std::size_t i = 0; i < type.size; ++i) {
    raw[i] = static_cast<unsigned char>(bytes[type.big_endian ? type.size - 1 - i : i]);
  }
  std::uint64_t bits = 0;
  for (std::size_t i = type.size; i-- > 0;) bits = bits << 8 | raw[i];
  if (type.kind == 'f' && type.size == 8) return std::bit_cast<double>(bits);
  if (type.kind == 'f' && type.size == 4) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  if (type.kind != 'i') return static_cast<double>(bits);
  const auto unused = 64 - 8 * type.size;
  return static_cast<double>(static_cast<std::int64_t>(bits << unused) >> unused);
}

/// Elements of a shape. @throws InputError for more than 50 million.
std::int64_t element_count(const std::vector<std::int64_t>& shape, const std::string& name) {
  std::int64_t count = 1;
  for (const auto size : shape) {
    if (size < 0 || (size > 0 && count > most_values / size)) throw InputError(name, "an array of an impossible shape");
    count *= size;
  }
  return count;
}

std::vector<std::int64_t> integers(const Pickle& pickle, Index index) {
  std::vector<std::int64_t> result;
  for (const Index item : pickle.items(index)) {
    if (pickle[item].kind != Kind::integer) throw InputError(pickle.name(), "a shape is not of whole numbers");
    result.push_back(pickle[item].integer);
  }
  return result;
}

/// numpy's dtype object: "f8" and so on, its byte order in the state.
Type numpy_type(const Pickle& pickle, Index index) {
  const auto fail = [&](const std::string& what) { return InputError(pickle.name(), "numpy type: " + what); };
  if (!pickle.is_object(index, "numpy dtype")) throw fail("expected a dtype");
  const auto& arguments = pickle.items(pickle[index].items[1]);
  if (arguments.empty() || pickle[arguments[0]].text.size() < 2) throw fail("it has no name");
  const std::string& text = pickle[arguments[0]].text;
  const Type type{text[0], static_cast<std::size_t>(text[1] - '0'),
                  pickle[index].items.size() > 2 && pickle.items(pickle[index].items[2]).size() > 1 &&
                      pickle[pickle.items(pickle[index].items[2])[1]].text == ">"};
  const bool known = (type.kind == 'f' && (type.size == 4 || type.size == 8)) || (type.kind == 'b' && type.size == 1) ||
                     ((type.kind == 'i' || type.kind == 'u') &&
                      (type.size == 1 || type.size == 2 || type.size == 4 || type.size == 8));
  if (!known || text.size() != 2) throw fail("'" + text.substr(0, 20) + "' is not one of numbers");
  return type;
}

/// Of "torch FloatStorage" and so on.
std::size_t storage_element_size(const std::string& global, const std::string& name) {
  if (global == "torch FloatStorage" || global == "torch IntStorage") return 4;
  if (global == "torch DoubleStorage" || global == "torch LongStorage") return 8;
  if (global == "torch HalfStorage") return 2;
  throw InputError(name, "a storage of a type that is not read");
}

bool is_numpy(const Pickle& pickle, Index index, std::string_view function) {
  for (const std::string module :
       {"numpy.core.multiarray ", "numpy._core.multiarray ", "numpy.core.numeric ", "numpy._core.numeric "}) {
    if (pickle.is_object(index, module + std::string(function))) return true;
  }
  return false;
}

NumberArray numbers(std::string_view bytes, std::vector<std::int64_t> shape, const Type& type, bool fortran,
                    const std::string& name) {
  const std::int64_t count = element_count(shape, name);
  if (static_cast<std::uint64_t>(count) * type.size != bytes.size()) {
    throw InputError(name, "an array whose bytes do not fit its shape");
  }
  NumberArray result{std::move(shape), std::vector<double>(static_cast<std::size_t>(count))};
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t place = i;  // in memory
    if (fortran) {
      place = 0;
      std::int64_t rest = i;
      for (std::size_t d = result.shape.size(); d-- > 0;) {
        std::int64_t stride = 1;
        for (std::size_t e = 0; e < d; ++e) stride *= result.shape[e];
        place += rest % result.shape[d] * stride;
        rest /= result.shape[d];
      }
    }
    result.values[static_cast<std::size_t>(i)] =
        value_at(bytes.data() + place * static_cast<std::int64_t>(type.size), type);
  }
  return result;
}

}  // namespace

PythonFile::PythonFile(const std::filesystem::path& file) : content_(read_file(file)), name_(file.string()) {
  const std::string_view content = content_;
  if (content.starts_with("PK\x03\x04")) {
    for (const auto& [entry, bytes] : zip_entries(content, name_)) {
      const auto slash = entry.find('/');
      const std::string rest = slash == std::string::npos ? entry : entry.substr(slash + 1);
      if (rest == "data.pkl") pickle_ = std::make_unique<const Pickle>(bytes, name_);
      if (rest.starts_with("data/")) storages_[rest.substr(5)] = bytes;
    }
    if (!pickle_) throw InputError(name_, "is a zip archive without data.pkl; expected one of PyTorch's");
    return;
  }
  pickle_ = std::make_unique<const Pickle>(content, name_);
  // The older stream begins with a number of ten bytes, a version and a description of the machine, each a pickle.
  constexpr std::string_view magic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
  if ((*pickle_)[pickle_->root()].kind != Kind::big_integer || (*pickle_)[pickle_->root()].text != magic) return;
  std::size_t at = pickle_->size();
  for (int i = 0; i < 2; ++i) at += Pickle(content.substr(at), name_).size();
  pickle_ = std::make_unique<const Pickle>(content.substr(at), name_);
  at += pickle_->size();
  const Pickle keys(content.substr(at), name_);
  at += keys.size();
  // Then, for each storage, how many elements it has, and the elements.
  std::map<std::string, std::size_t> element_sizes;
  for (Index i = 0; i < pickle_->node_count(); ++i) {
    if ((*pickle_)[i].kind != Kind::persistent) continue;
    const auto& storage = pickle_->items((*pickle_)[i].items[0]);
    if (storage.size() < 3) throw InputError(name_, "a storage lacks its description");
    element_sizes[(*pickle_)[storage[2]].text] = storage_element_size((*pickle_)[storage[1]].text, name_);
  }
  for (const Index key : keys.items(keys.root())) {
    const auto size = element_sizes.find(keys[key].text);
    if (size == element_sizes.end()) throw InputError(name_, "a storage that nothing refers to");
    if (content.size() - at < 8) throw InputError(name_, "is cut off");
    std::uint64_t count = 0;
    std::memcpy(&count, content.data() + at, 8);
    at += 8;
    if (count > (content.size() - at) / size->second) throw InputError(name_, "is cut off");
    storages_[keys[key].text] = content.substr(at, count * size->second);
    at += count * size->second;
  }
}

bool PythonFile::is_array(Index index) const {
  const auto& node = (*pickle_)[index];
  if (node.kind == Kind::list || node.kind == Kind::tuple) {
    return std::ranges::all_of(node.items, [&](Index item) {
      const auto kind = (*pickle_)[item].kind;
      return kind == Kind::list || kind == Kind::tuple || is_array(item);
    });
  }
  return node.kind == Kind::integer || node.kind == Kind::real || node.kind == Kind::boolean ||
         is_numpy(*pickle_, index, "scalar") || is_numpy(*pickle_, index, "_reconstruct") ||
         is_numpy(*pickle_, index, "_frombuffer") || pickle_->is_object(index, "torch._utils _rebuild_tensor_v2") ||
         pickle_->is_object(index, "torch._utils _rebuild_tensor");
}

NumberArray PythonFile::array(Index index) const {
  const auto& node = (*pickle_)[index];
  if (node.kind == Kind::list || node.kind == Kind::tuple) return list(index);
  if (node.kind != Kind::object) return {{}, {pickle_->number(index)}};
  return (*pickle_)[node.items[0]].text.starts_with("torch") ? torch_tensor(index) : numpy_array(index);
}

/// Rows of equal shapes, without recursion over their depth: lists are unpacked level by level.
NumberArray PythonFile::list(Index index) const {
  NumberArray result;
  std::vector<Index> level{index};
  const auto is_list = [&](Index i) { return (*pickle_)[i].kind == Kind::list || (*pickle_)[i].kind == Kind::tuple; };
  while (!level.empty() && is_list(level.front())) {
    const auto width = pickle_->items(level.front()).size();
    std::vector<Index> next;
    for (const Index each : level) {
      if (!is_list(each) || pickle_->items(each).size() != width) throw InputError(name_, "lists of unequal lengths");
      next.insert(next.end(), pickle_->items(each).begin(), pickle_->items(each).end());
      if (next.size() > most_values) throw InputError(name_, "has more than 50 million numbers");
    }
    result.shape.push_back(static_cast<std::int64_t>(width));
    if (result.shape.size() > 32) throw InputError(name_, "lists within more than 32 lists");
    level = std::move(next);
  }
  std::vector<std::int64_t> inner;
  for (std::size_t i = 0; i < level.size(); ++i) {
    if (is_list(level[i])) throw InputError(name_, "lists of unequal lengths");
    NumberArray part = array(level[i]);
    if (i == 0) inner = part.shape;
    if (part.shape != inner) throw InputError(name_, "arrays of unequal shapes");
    result.values.insert(result.values.end(), part.values.begin(), part.values.end());
  }
  result.shape.insert(result.shape.end(), inner.begin(), inner.end());
  return result;
}

std::string PythonFile::bytes(Index index) const {
  const auto& node = (*pickle_)[index];
  if (node.kind == Kind::bytes || node.kind == Kind::text) return node.text;
  // Bytes of older protocols: each a character of a text.
  if (!pickle_->is_object(index, "_codecs encode")) throw InputError(name_, "an array without bytes");
  const auto& arguments = pickle_->items(node.items[1]);
  if (arguments.empty()) throw InputError(name_, "an array without bytes");
  const std::string& text = (*pickle_)[arguments[0]].text;
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (first < 0x80) {
      result += text[i];
    } else if ((first == 0xc2 || first == 0xc3) && i + 1 < text.size()) {
      result += static_cast<char>((first & 3U) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3fU));
    } else {
      throw InputError(name_, "bytes that are no latin-1");
    }
  }
  return result;
}

NumberArray PythonFile::numpy_array(Index index) const {
  const auto& node = (*pickle_)[index];
  const auto& arguments = pickle_->items(node.items[1]);
  if (is_numpy(*pickle_, index, "scalar") && arguments.size() == 2) {
    return numbers(bytes(arguments[1]), {}, numpy_type(*pickle_, arguments[0]), false, name_);
  }
  if (is_numpy(*pickle_, index, "_frombuffer") && arguments.size() == 4) {
    return numbers(bytes(arguments[0]), integers(*pickle_, arguments[2]), numpy_type(*pickle_, arguments[1]),
                   (*pickle_)[arguments[3]].text == "F", name_);
  }
  if (!is_numpy(*pickle_, index, "_reconstruct") || node.items.size() < 3) {
    throw InputError(name_, "expected an array where it holds something else");
  }
  const auto& state = pickle_->items(node.items[2]);
  if (state.size() != 5) throw InputError(name_, "an array whose state is of another form");
  return numbers(bytes(state[4]), integers(*pickle_, state[1]), numpy_type(*pickle_, state[2]),
                 pickle_->number(state[3]) != 0, name_);
}

NumberArray PythonFile::torch_tensor(Index index) const {
  const auto& arguments = pickle_->items((*pickle_)[index].items[1]);
  if (arguments.size() < 4 || (*pickle_)[arguments[0]].kind != Kind::persistent) {
    throw InputError(name_, "a tensor of another form");
  }
  const auto& storage = pickle_->items((*pickle_)[arguments[0]].items[0]);
  if (storage.size() < 3) throw InputError(name_, "a storage lacks its description");
  const std::string& kind = (*pickle_)[storage[1]].text;
  const auto found = storages_.find((*pickle_)[storage[2]].text);
  if (found == storages_.end()) throw InputError(name_, "lacks the storage of a tensor");
  const Type type{kind.starts_with("torch Float") || kind.starts_with("torch Double") ? 'f' : 'i',
                  storage_element_size(kind, name_), false};
  if (type.size == 2) throw InputError(name_, "tensors of half precision are not read");
  NumberArray result{integers(*pickle_, arguments[2]), {}};
  const auto strides = integers(*pickle_, arguments[3]);
  const std::int64_t count = element_count(result.shape, name_);
  if (strides.size() != result.shape.size()) throw InputError(name_, "a tensor of an impossible shape");
  const auto available = static_cast<std::int64_t>(found->second.size() / type.size);
  std::int64_t first = static_cast<std::int64_t>(pickle_->number(arguments[1]));
  std::int64_t last = first;
  for (std::size_t d = 0; d < strides.size() && count > 0; ++d) {
    if (strides[d] < 0 || strides[d] > available) throw InputError(name_, "a tensor of an impossible shape");
    last += (result.shape[d] - 1) * strides[d];
  }
  if (first < 0 || (count > 0 && last >= available)) throw InputError(name_, "a tensor lies outside its storage");
  result.values.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t place = first;
    std::int64_t rest = i;
    for (std::size_t d = strides.size(); d-- > 0;) {
      place += rest % result.shape[d] * strides[d];
      rest /= result.shape[d];
    }
    result.values.push_back(value_at(found->second.data() + place * static_cast<std::int64_t>(type.size), type));
  }
  return result;
}

std::vector<std::string> PythonFile::texts(Index index) const {
  Index from = index;
  if (is_numpy(*pickle_, index, "_reconstruct") && (*pickle_)[index].items.size() > 2) {
    const auto& state = pickle_->items((*pickle_)[index].items[2]);
    if (state.size() == 5) from = state[4];  // an array of objects holds a list
  }
  std::vector<std::string> result;
  for (const Index item : pickle_->items(from)) {
    if ((*pickle_)[item].kind != Kind::text) throw InputError(name_, "expected texts where it holds something else");
    result.push_back((*pickle_)[item].text);
  }
  return result;
}

}  // namespace oneproxy
