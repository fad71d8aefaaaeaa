#include "content_file.hpp"
#include "oneproxy/space/layerwise.hpp"

/// A description of a space that is not refused makes networks.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return oneproxy::fuzz::read_as_file(data, size, ".yaml", [](const std::filesystem::path& file) {
    const auto space = oneproxy::read_layerwise_space(file);
    oneproxy::Rng rng(1);
    for (int i = 0; i < 4; ++i) {
      const auto x = space->sample(rng);
      if (space->parse(space->text(x)) != x || space->network(x).layers.empty()) __builtin_trap();
    }
  });
}
