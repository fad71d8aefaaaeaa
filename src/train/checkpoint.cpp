#include <sstream>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "shared_weights.hpp"

namespace oneproxy {
namespace {

constexpr const char* kFormat = "oneproxy supernet 1";

std::string text(torch::serialize::InputArchive& archive, const std::string& key) {
  c10::IValue value;
  archive.read(key, value);
  return value.toStringRef();
}

}  // namespace

void write_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint) {
  torch::serialize::OutputArchive archive;
  archive.write("format", c10::IValue(std::string(kFormat)));
  archive.write("space", c10::IValue(checkpoint.space));
  archive.write("options", c10::IValue(checkpoint.options));
  archive.write("step", c10::IValue(checkpoint.step));
  torch::serialize::OutputArchive tensors;
  std::string names;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    // A dot parts modules in an archive's keys.
    tensors.write("t" + std::to_string(std::count(names.begin(), names.end(), '\n')), tensor.detach());
    names += name + '\n';
  }
  archive.write("names", c10::IValue(names));
  archive.write("tensors", tensors);
  std::ostringstream out;
  archive.save_to(out);
  write_file(file, out.str());
}

Checkpoint read_checkpoint(const std::filesystem::path& file, const SearchSpace& space) {
  std::istringstream in(read_file(file));
  Checkpoint checkpoint;
  try {
    torch::serialize::InputArchive archive;
    archive.load_from(in);
    if (text(archive, "format") != kFormat) throw InputError(file.string(), "is of another format");
    checkpoint.space = text(archive, "space");
    checkpoint.options = text(archive, "options");
    c10::IValue step;
    archive.read("step", step);
    checkpoint.step = step.toInt();
    torch::serialize::InputArchive tensors;
    archive.read("tensors", tensors);
    std::istringstream names(text(archive, "names"));
    std::size_t i = 0;
    for (std::string name; std::getline(names, name); ++i) {
      tensors.read("t" + std::to_string(i), checkpoint.tensors[name]);
    }
  } catch (const InputError&) {
    throw;
  } catch (const std::exception&) {  // LibTorch's message is its call stack
    throw InputError(file.string(),
                     "expected a whole checkpoint of `oneproxy train supernet`; it is damaged or another file");
  }
  if (checkpoint.space != space.description()) {
    throw InputError(file.string(),
                     "is a checkpoint of the space " + checkpoint.space + "; expected " + space.description());
  }
  return checkpoint;
}

void restore(const std::filesystem::path& file, const Checkpoint& checkpoint, const std::string& prefix,
             const std::map<std::string, torch::Tensor>& targets) {
  const torch::NoGradGuard no_gradients;
  for (const auto& [name, target] : targets) {
    const auto found = checkpoint.tensors.find(prefix + name);
    if (found == checkpoint.tensors.end() || found->second.sizes() != target.sizes() ||
        found->second.scalar_type() != target.scalar_type()) {
      throw InputError(file.string(), "field " + prefix + name + " is missing or of another shape than the space's");
    }
    target.copy_(found->second);
  }
}

}  // namespace oneproxy
