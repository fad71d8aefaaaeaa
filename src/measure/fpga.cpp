#include <algorithm>
#include <array>
#include <cmath>

#include "models.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

constexpr int word_bits = 16;

// The paper's board, Xilinx ZCU102.
constexpr int board_dsps = 2520;
constexpr int board_rams = 1824;
constexpr int board_port_bits = 4 * 128;

/// Multipliers of the two engines, and words that move in each cycle.
struct Engines {
  int tm;   ///< output channels at a time
  int tn;   ///< input channels at a time
  int tmd;  ///< channels at a time of the depth-wise engine
  int ip;   ///< words of inputs
  int op;   ///< words of outputs
  int wp;   ///< words of weights
  bool operator==(const Engines&) const = default;

  int dsps() const { return tm * tn + tmd; }
  int port_bits() const { return (ip + op + wp) * word_bits; }
};

// Table 3 of the paper, as printed.
constexpr std::array<Engines, 9> printed_designs{{{160, 12, 576, 11, 8, 13},
                                                  {160, 12, 576, 5, 5, 22},
                                                  {160, 12, 576, 12, 13, 17},
                                                  {160, 12, 576, 10, 10, 10},
                                                  {130, 12, 832, 10, 10, 10},
                                                  {100, 16, 832, 10, 10, 10},
                                                  {220, 8, 704, 10, 10, 10},
                                                  {100, 16, 832, 6, 14, 10},
                                                  {100, 18, 704, 10, 10, 10}}};

struct Tile {
  int rows;
  int columns;
};

/// Cycles of a layer if only one of the steps, which overlap, limited it.
struct Cycles {
  double load_inputs = 0;
  double load_weights = 0;
  double compute = 0;
  double store_outputs = 0;
  double fill_and_drain = 0;  ///< once, on top of the longest

  double total() const { return std::max({load_inputs, load_weights, compute, store_outputs}) + fill_and_drain; }
};

double trips(int count, int at_a_time) { return std::ceil(static_cast<double>(count) / at_a_time); }

/// The equations of docs/design/devices.md for one layer; `published` as the authors' programme computes them.
Cycles convolution_cycles(const Engines& engines, const Tile& tile, bool published, const Layer& layer) {
  const bool depthwise = layer.groups > 1 && layer.groups == layer.in.channels;
  // Other groups are convolutions of their own, one after the other.
  const int repeats = depthwise ? 1 : layer.groups;
  const int in_channels = layer.in.channels / repeats;
  const int out_channels = layer.out.channels / repeats;
  const int tm = depthwise ? engines.tmd : engines.tm;
  const int tn = depthwise ? engines.tmd : engines.tn;
  const int multipliers = depthwise ? tm : tm * tn;
  const Shape& image = published ? layer.out : layer.in;
  const double rows = std::min(tile.rows, image.height);
  const double columns = std::min(tile.columns, image.width);
  const auto strided = [&](double size) { return std::ceil(size / layer.stride); };
  const double kernel_area = layer.kernel * layer.kernel;
  // Published counts the padding as pixels to compute.
  const int border = published ? 2 * layer.padding : 0;
  const double computed_rows = strided(std::min(tile.rows, image.height + border));
  const double computed_columns = strided(std::min(tile.columns, image.width + border));

  const double load_inputs = std::min(tn, in_channels) * rows * columns / engines.ip;
  const double load_weights = multipliers * kernel_area / engines.wp;
  const double compute = kernel_area * computed_rows * computed_columns;
  const double store_outputs = std::min(tm, out_channels) * strided(rows) * strided(columns) / engines.op;

  const double out_trips =
      repeats * trips(image.height, tile.rows) * trips(image.width, tile.columns) * trips(out_channels, tm);
  const double all_trips = out_trips * (depthwise && !published ? 1 : trips(in_channels, tn));
  const double fill_and_drain = store_outputs + std::max({load_inputs, load_weights, compute});
  return {all_trips * load_inputs, all_trips * load_weights, all_trips * compute, out_trips * store_outputs,
          published ? 0 : fill_and_drain};
}

class Fpga final : public LatencyModel {
 public:
  Fpga(const Engines& engines, const Tile& tile, double mhz, bool published, std::string description,
       std::vector<std::string> warnings)
      : engines_(engines),
        tile_(tile),
        mhz_(mhz),
        published_(published),
        description_(std::move(description)),
        warnings_(std::move(warnings)) {}

  const std::string& description() const override { return description_; }
  std::string summary() const override {
    return "FPGA, " + std::to_string(engines_.tm) + " x " + std::to_string(engines_.tn) + " and " +
           std::to_string(engines_.tmd) + " depth-wise multipliers at " + number_text(mhz_) + " MHz";
  }
  std::vector<std::string> warnings() const override { return warnings_; }

  std::vector<LayerLatency> layers(const Network& network) const override {
    std::vector<LayerLatency> latencies;
    const double cycles_per_ms = mhz_ * 1e3;
    for (const Layer& layer : network.layers) {
      if (layer.kind == LayerKind::input) continue;
      LayerLatency& latency = latencies.emplace_back(LayerLatency{layer.name, 0, {}});
      if (layer.kind != LayerKind::convolution) continue;
      const Cycles cycles = convolution_cycles(engines_, tile_, published_, layer);
      latency.ms = cycles.total() / cycles_per_ms;
      latency.limits_ms = {{"inputs", cycles.load_inputs / cycles_per_ms},
                           {"weights", cycles.load_weights / cycles_per_ms},
                           {"computing", cycles.compute / cycles_per_ms},
                           {"outputs", cycles.store_outputs / cycles_per_ms}};
    }
    return latencies;
  }

 private:
  Engines engines_;
  Tile tile_;
  double mhz_;
  bool published_;
  std::string description_;
  std::vector<std::string> warnings_;
};

/// Blocks of 18 kbit for double buffers of pixels, and for weights of kernels up to 7 x 7.
int pixel_rams(const Engines& engines, const Tile& tile) {
  const auto blocks = static_cast<int>(std::ceil(double{word_bits} * tile.rows * tile.columns / 18'000));
  return 2 * (engines.tn + engines.tm) * blocks;
}
int weight_rams(const Engines& engines) { return engines.tm * engines.tn; }  // 4 * 7 * 7 words fit one block

/// What keeps the design off the board: an error, or a warning where the design is `printed` in the paper.
std::vector<std::string> check_board(const Engines& engines, const Tile& tile, bool printed) {
  std::vector<std::string> warnings;
  const auto exceeds = [&](const std::string& what, int needed, int limit, const std::string& unit) {
    if (needed <= limit) return;
    const std::string text = what + " " + std::to_string(needed) + " " + unit + "; the board has " +
                             std::to_string(limit) + " (board=none drops the check)";
    if (!printed) throw InputError("fpga", text);
    warnings.push_back(text);
  };
  exceeds("tm * tn + tmd takes", engines.dsps(), board_dsps, "DSPs");
  exceeds("(ip + op + wp) * 16 takes", engines.port_bits(), board_port_bits, "bits of the port each cycle");
  const int pixels = pixel_rams(engines, tile);
  exceeds("buffers of tn + tm tiles take", pixels, board_rams, "block RAMs");
  // All designs that the paper prints are past this: small weight buffers may lie in the logic's own memory.
  if (const int all = pixels + weight_rams(engines); all > board_rams && pixels <= board_rams) {
    warnings.push_back("with a block for each of tm * tn weight buffers it takes " + std::to_string(all) +
                       " block RAMs; the board has " + std::to_string(board_rams));
  }
  return warnings;
}

}  // namespace

std::unique_ptr<LatencyModel> make_fpga(Description description) {
  const int design = description.take_int("design", 0, 1, static_cast<int>(printed_designs.size()));
  const std::string mode = description.take_choice("mode", "published", {"published", "corrected"});
  const Engines preset = design == 0 ? Engines{} : printed_designs[static_cast<std::size_t>(design - 1)];
  const auto take = [&](const char* key, int fallback, int highest) {
    const int value = description.take_int(key, fallback, 1, highest);
    if (value == 0) {
      throw InputError(std::string("fpga, setting ") + key,
                       "is missing; expected design=1..9, or all of tm, tn, tmd, ip, op and wp");
    }
    return value;
  };
  const Engines engines{.tm = take("tm", preset.tm, 10'000),
                        .tn = take("tn", preset.tn, 10'000),
                        .tmd = take("tmd", preset.tmd, 100'000),
                        .ip = take("ip", preset.ip, 10'000),
                        .op = take("op", preset.op, 10'000),
                        .wp = take("wp", preset.wp, 10'000)};
  const Tile tile{.rows = take("tr", 32, 4096), .columns = take("tc", 32, 4096)};
  const double mhz = take_positive(description, "mhz", 100);
  const std::string board = description.take_choice("board", "zcu102", {"zcu102", "none"});
  description.finish();

  const bool printed = design != 0 && engines == preset;
  std::string text = "fpga(";
  const auto add = [&](const char* key, const std::string& value) {
    text += (text.back() == '(' ? "" : ", ") + std::string(key) + "=" + value;
  };
  if (printed) {
    add("design", std::to_string(design));
  } else {
    add("tm", std::to_string(engines.tm));
    add("tn", std::to_string(engines.tn));
    add("tmd", std::to_string(engines.tmd));
    add("ip", std::to_string(engines.ip));
    add("op", std::to_string(engines.op));
    add("wp", std::to_string(engines.wp));
  }
  add("mode", mode);
  add("tr", std::to_string(tile.rows));
  add("tc", std::to_string(tile.columns));
  add("mhz", number_text(mhz));
  add("board", board);
  text += ")";
  auto warnings = board == "none" ? std::vector<std::string>{} : check_board(engines, tile, printed);
  return std::make_unique<Fpga>(engines, tile, mhz, mode == "published", std::move(text), std::move(warnings));
}

DeviceKind fpga_kind() {
  return {"fpga",
          "design=1..9 or tm=, tn=, tmd=, ip=, op=, wp=; mode=published|corrected, tr=32, tc=32, mhz=100, "
          "board=zcu102|none",
          true, "computed for the convolution engines of the paper's Table 3; design 3 exceeds its board's port"};
}

}  // namespace oneproxy
