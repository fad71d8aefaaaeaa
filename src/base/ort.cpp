#include "oneproxy/base/ort.hpp"

#include <cstdlib>

#include "oneproxy/base/error.hpp"

#ifdef ONEPROXY_HAS_ONNXRUNTIME

#include <dlfcn.h>
#include <onnxruntime_c_api.h>

#include <algorithm>
#include <cassert>
#include <filesystem>

#include "oneproxy/base/shared_library.hpp"

#ifdef __SANITIZE_ADDRESS__
// ONNX Runtime 1.30 leaves a few bytes of its own (14 when it is only loaded) at the end of a program.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libonnxruntime\n"; }
#endif

namespace oneproxy {
namespace {

namespace fs = std::filesystem;
constexpr const char* how_to_get =
    "unpack a release of github.com/microsoft/onnxruntime and set ONNXRUNTIME_ROOT to its folder";

struct Library {
  const OrtApi* api = nullptr;
  OrtEnv* env = nullptr;  // lives as long as the process: sessions may
  OrtInfo info;
};

std::vector<std::string> candidates() {
  std::vector<std::string> files;
  const auto in_folder = [&](const fs::path& folder) {
    for (const char* name : {"libonnxruntime.so.1", "libonnxruntime.so"}) files.push_back(folder / name);
  };
  if (const char* root = std::getenv("ONNXRUNTIME_ROOT"); root != nullptr && *root != '\0') {
    in_folder(fs::path(root) / "lib");
  }
  std::error_code error;
  if (const fs::path self = fs::read_symlink("/proc/self/exe", error); !error) {
    in_folder(self.parent_path().parent_path() / "lib");
  }
  in_folder("");
  return files;
}

std::string take_message(const OrtApi& api, OrtStatus* status) {
  std::string message = api.GetErrorMessage(status);
  api.ReleaseStatus(status);
  std::ranges::replace(message, '\n', ' ');
  return message;
}

/// The newest interface that the header and the library share. Asking for one that the library lacks would make it
/// print, hence its version text ("1.20.1": interface 20) is read first.
const OrtApi* negotiate(const OrtApiBase& base) {
  const std::string version = base.GetVersionString();
  const auto dot = version.find('.');
  const int minor = dot == std::string::npos ? 0 : std::atoi(version.c_str() + dot + 1);
  constexpr int oldest = 11;  // everything used below is in it
  return minor < oldest ? nullptr : base.GetApi(static_cast<std::uint32_t>(std::min(minor, ORT_API_VERSION)));
}

Library load_library() {
  Library library;
  const SharedLibrary found = load_shared_library(candidates(), [&](void* handle) -> std::string {
    const auto get_base = reinterpret_cast<const OrtApiBase* (*)()>(dlsym(handle, "OrtGetApiBase"));
    library.api = get_base == nullptr ? nullptr : negotiate(*get_base());
    if (library.api == nullptr) return "is not an ONNX Runtime of at least 1.11";
    if (OrtStatus* status = library.api->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "oneproxy", &library.env)) {
      return take_message(*library.api, status);
    }
    library.info = {true, get_base()->GetVersionString(), ""};
    return "";
  });
  library.info.detail =
      library.info.available ? found.file : "libonnxruntime.so.1 " + found.problem + "; " + how_to_get;
  return library;
}

const Library& library() {
  static const Library loaded = load_library();
  return loaded;
}

template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

}  // namespace

const OrtInfo& ort_info() { return library().info; }

struct OrtSession::State {
  explicit State(std::string_view model_name) : name(model_name) {
    if (!library().info.available) throw InputError("ONNX Runtime", library().info.detail);
  }

  void check(OrtStatus* status) const {
    if (status != nullptr) throw InputError(name, "ONNX Runtime: " + take_message(api, status));
  }

  std::vector<Port> ports(bool of_inputs) const {
    OrtAllocator* allocator = nullptr;
    check(api.GetAllocatorWithDefaultOptions(&allocator));
    std::size_t count = 0;
    check((of_inputs ? api.SessionGetInputCount : api.SessionGetOutputCount)(session.get(), &count));
    std::vector<Port> found(count);
    for (std::size_t i = 0; i < count; ++i) {
      char* text = nullptr;
      check((of_inputs ? api.SessionGetInputName : api.SessionGetOutputName)(session.get(), i, allocator, &text));
      found[i].name = text;
      check(api.AllocatorFree(allocator, text));

      OrtTypeInfo* type = nullptr;
      check((of_inputs ? api.SessionGetInputTypeInfo : api.SessionGetOutputTypeInfo)(session.get(), i, &type));
      const Owned<OrtTypeInfo> owned(type, api.ReleaseTypeInfo);
      const OrtTensorTypeAndShapeInfo* tensor = nullptr;
      check(api.CastTypeInfoToTensorInfo(type, &tensor));
      ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
      if (tensor != nullptr) check(api.GetTensorElementType(tensor, &element));
      if (element != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) {
        throw InputError(name + ", " + (of_inputs ? "input " : "output ") + found[i].name, "expected a tensor of fp32");
      }
      std::size_t rank = 0;
      check(api.GetDimensionsCount(tensor, &rank));
      found[i].shape.resize(rank);
      check(api.GetDimensions(tensor, found[i].shape.data(), rank));
    }
    return found;
  }

  const OrtApi& api = *library().api;
  std::string name;
  Owned<OrtMemoryInfo> memory{nullptr, api.ReleaseMemoryInfo};
  Owned<::OrtSession> session{nullptr, api.ReleaseSession};
  std::vector<Port> inputs;
  std::vector<Port> outputs;
};

OrtSession::OrtSession(std::string_view model, std::string_view name, OrtOptions options)
    : state_(std::make_unique<State>(name)) {
  State& state = *state_;
  const OrtApi& api = state.api;
  OrtSessionOptions* raw_settings = nullptr;
  state.check(api.CreateSessionOptions(&raw_settings));
  const Owned<OrtSessionOptions> settings(raw_settings, api.ReleaseSessionOptions);
  state.check(api.SetIntraOpNumThreads(raw_settings, options.threads));
  state.check(api.SetInterOpNumThreads(raw_settings, 1));
  state.check(api.SetSessionExecutionMode(raw_settings, ORT_SEQUENTIAL));
  state.check(api.SetSessionGraphOptimizationLevel(raw_settings, options.optimize ? ORT_ENABLE_ALL : ORT_DISABLE_ALL));
  state.check(api.SetSessionLogSeverityLevel(raw_settings, ORT_LOGGING_LEVEL_FATAL));
  if (!options.profile.empty()) state.check(api.EnableProfiling(raw_settings, options.profile.c_str()));
  // Spinning helpers would take the cores of whatever else is measured or searched meanwhile.
  state.check(api.AddSessionConfigEntry(raw_settings, "session.intra_op.allow_spinning", "0"));

  ::OrtSession* session = nullptr;
  state.check(api.CreateSessionFromArray(library().env, model.data(), model.size(), raw_settings, &session));
  state.session.reset(session);
  OrtMemoryInfo* memory = nullptr;
  state.check(api.CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
  state.memory.reset(memory);
  state.inputs = state.ports(true);
  state.outputs = state.ports(false);
  if (state.inputs.empty() || state.outputs.empty()) throw InputError(name, "expected an input and an output");
}

void OrtSession::run(std::span<const float> input, std::span<const std::int64_t> shape, std::span<float> output) {
  const State& state = *state_;
  const OrtApi& api = state.api;
  assert(state.inputs.size() == 1);
  OrtValue* raw_input = nullptr;
  state.check(api.CreateTensorWithDataAsOrtValue(state.memory.get(), const_cast<float*>(input.data()),  // only read
                                                 input.size_bytes(), shape.data(), shape.size(),
                                                 ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &raw_input));
  const Owned<OrtValue> owned_input(raw_input, api.ReleaseValue);

  const char* input_name = state.inputs.front().name.c_str();
  const char* output_name = state.outputs.front().name.c_str();
  const OrtValue* const values[] = {raw_input};
  OrtValue* raw_output = nullptr;
  state.check(api.Run(state.session.get(), nullptr, &input_name, values, 1, &output_name, 1, &raw_output));
  const Owned<OrtValue> owned_output(raw_output, api.ReleaseValue);

  OrtTensorTypeAndShapeInfo* info = nullptr;
  state.check(api.GetTensorTypeAndShape(raw_output, &info));
  const Owned<OrtTensorTypeAndShapeInfo> owned_info(info, api.ReleaseTensorTypeAndShapeInfo);
  std::size_t count = 0;
  state.check(api.GetTensorShapeElementCount(info, &count));
  if (count != output.size()) {
    throw InputError(state.name + ", output " + output_name,
                     "has " + std::to_string(count) + " values; expected " + std::to_string(output.size()));
  }
  float* values_out = nullptr;
  state.check(api.GetTensorMutableData(raw_output, reinterpret_cast<void**>(&values_out)));
  std::copy_n(values_out, count, output.begin());
}

std::string OrtSession::end_profile() {
  const State& state = *state_;
  OrtAllocator* allocator = nullptr;
  state.check(state.api.GetAllocatorWithDefaultOptions(&allocator));
  char* text = nullptr;
  state.check(state.api.SessionEndProfiling(state.session.get(), allocator, &text));
  std::string file = text;
  state.check(state.api.AllocatorFree(allocator, text));
  return file;
}

const std::vector<OrtSession::Port>& OrtSession::inputs() const { return state_->inputs; }
const std::vector<OrtSession::Port>& OrtSession::outputs() const { return state_->outputs; }

}  // namespace oneproxy

#else

namespace oneproxy {

struct OrtSession::State {};

const OrtInfo& ort_info() {
  static const OrtInfo info{
      false, "",
      "this program was built without ONNX Runtime: set ONNXRUNTIME_ROOT to an unpacked release, build again"};
  return info;
}

OrtSession::OrtSession(std::string_view, std::string_view, OrtOptions) {
  throw InputError("ONNX Runtime", ort_info().detail);
}

// No session can exist.
void OrtSession::run(std::span<const float>, std::span<const std::int64_t>, std::span<float>) { std::abort(); }
std::string OrtSession::end_profile() { std::abort(); }
const std::vector<OrtSession::Port>& OrtSession::inputs() const { std::abort(); }
const std::vector<OrtSession::Port>& OrtSession::outputs() const { std::abort(); }

}  // namespace oneproxy

#endif

namespace oneproxy {

OrtSession::~OrtSession() = default;
OrtSession::OrtSession(OrtSession&&) noexcept = default;
OrtSession& OrtSession::operator=(OrtSession&&) noexcept = default;

}  // namespace oneproxy
