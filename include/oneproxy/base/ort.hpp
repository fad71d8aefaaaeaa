#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace oneproxy {

/// Whether ONNX Runtime can be used by this program, and which.
struct OrtInfo {
  bool available = false;
  std::string version;  ///< e.g. "1.20.1"; "" where absent
  std::string detail;   ///< the library's file; or, in one line, what is missing and how to get it
};

/// Loads the library when first called: from $ONNXRUNTIME_ROOT/lib, from lib/ beside the folder of this program,
/// or the system's. Safe from any thread.
const OrtInfo& ort_info();

struct OrtOptions {
  int threads = 1;
  bool optimize = true;      ///< all graph optimisations, or none
  std::string profile = {};  ///< how the file begins that tells how long each node took; "": no such file
};

/// An ONNX model in ONNX Runtime. run() is safe from any thread.
class OrtSession {
 public:
  /// An input or output. A dimension that the model leaves open is -1.
  struct Port {
    std::string name;
    std::vector<std::int64_t> shape;
  };

  /// `model` is the content of an ONNX file; `name` stands in messages.
  /// @throws InputError where ONNX Runtime is absent or refuses the model, or where an input or output is not of fp32.
  OrtSession(std::string_view model, std::string_view name, OrtOptions options);
  ~OrtSession();
  OrtSession(OrtSession&&) noexcept;
  OrtSession& operator=(OrtSession&&) noexcept;

  const std::vector<Port>& inputs() const;
  const std::vector<Port>& outputs() const;

  /// Runs the first input to the first output. `input` holds `shape`'s elements, row-major; `output` must be of the
  /// size that comes out. Precondition: the model has one input. @throws InputError where the run fails or sizes
  /// differ.
  void run(std::span<const float> input, std::span<const std::int64_t> shape, std::span<float> output);

  /// Ends a profile and returns its file (ONNX Runtime's JSON: events with name and dur in microseconds).
  /// Precondition: OrtOptions::profile was given.
  std::string end_profile();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace oneproxy
