#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "oneproxy/data/pickle.hpp"

namespace oneproxy {

/// Numbers with a shape, row-major; a single number has no dimension.
struct NumberArray {
  std::vector<std::int64_t> shape;
  std::vector<double> values;
};

/// A file of Python data: a pickle, or what PyTorch saves, in its zip container or the older stream.
class PythonFile {
 public:
  /// @throws InputError for other content, compressed zip entries, and what Pickle refuses.
  explicit PythonFile(const std::filesystem::path& file);
  PythonFile(const PythonFile&) = delete;
  PythonFile& operator=(const PythonFile&) = delete;

  const Pickle& pickle() const { return *pickle_; }

  /// Whether array() takes it: a number, numpy's array or scalar, PyTorch's tensor, or lists of them.
  bool is_array(Pickle::Index index) const;
  /// @throws InputError where it is none, is ragged, of a type without numbers, or lies outside its storage.
  NumberArray array(Pickle::Index index) const;
  /// Texts of a list of texts or of numpy's array of them. @throws InputError where it is neither.
  std::vector<std::string> texts(Pickle::Index index) const;

 private:
  NumberArray numpy_array(Pickle::Index index) const;
  NumberArray torch_tensor(Pickle::Index index) const;
  NumberArray list(Pickle::Index index) const;
  std::string bytes(Pickle::Index index) const;

  std::string content_;
  std::string name_;
  std::unique_ptr<const Pickle> pickle_;
  std::map<std::string, std::string_view> storages_;  ///< of PyTorch's tensors, by key
};

}  // namespace oneproxy
