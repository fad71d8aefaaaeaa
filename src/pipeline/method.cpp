#include <algorithm>
#include <utility>
#include <vector>

#include "oneproxy/base/error.hpp"
#include "oneproxy/pipeline/run.hpp"

namespace oneproxy {
namespace {

constexpr std::pair<Method, const char*> kMethods[] = {{Method::adapt, "eqn3"},      {Method::posterior, "posterior"},
                                                       {Method::proxy, "proxy"},     {Method::target, "target"},
                                                       {Method::scaling, "scaling"}, {Method::flops, "flops"}};

}  // namespace

Method method_of(std::string_view name) {
  if (name == "adapt") return Method::adapt;  // by what it does
  std::vector<std::string> names;
  for (const auto& [method, text] : kMethods) {
    if (text == name) return method;
    names.emplace_back(text);
  }
  throw InputError("method '" + std::string(name) + "'",
                   "expected posterior, eqn3, proxy, target, scaling or flops" + suggestion(name, names));
}

std::string to_string(Method method) {
  return std::ranges::find(kMethods, method, &std::pair<Method, const char*>::first)->second;
}

}  // namespace oneproxy
