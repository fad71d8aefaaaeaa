#include "oneproxy/data/pickle.hpp"

#include "oneproxy/base/error.hpp"
#include "pickle_machine.hpp"

namespace oneproxy {

Pickle::Pickle(std::string_view content, std::string name) : name_(std::move(name)) {
  PickleMachine(content, *this).run();
}

Pickle::Index Pickle::find(Index dictionary, std::string_view key) const {
  const Node& node = nodes_[dictionary];
  if (node.kind != Kind::dictionary) return absent;
  // The last one counts, as in Python.
  for (std::size_t i = node.items.size(); i >= 2; i -= 2) {
    const Node& candidate = nodes_[node.items[i - 2]];
    if (candidate.kind == Kind::text && candidate.text == key) return node.items[i - 1];
  }
  return absent;
}

bool Pickle::is_object(Index index, std::string_view global) const {
  const Node& node = nodes_[index];
  return node.kind == Kind::object && nodes_[node.items.front()].text == global;
}

double Pickle::number(Index index) const {
  const Node& node = nodes_[index];
  if (node.kind == Kind::real) return node.real;
  if (node.kind == Kind::integer || node.kind == Kind::boolean) return static_cast<double>(node.integer);
  throw InputError(name_, "expected a number where it holds something else");
}

const std::vector<Pickle::Index>& Pickle::items(Index index) const {
  const Node& node = nodes_[index];
  if (node.kind == Kind::list || node.kind == Kind::tuple) return node.items;
  throw InputError(name_, "expected a list where it holds something else");
}

}  // namespace oneproxy
