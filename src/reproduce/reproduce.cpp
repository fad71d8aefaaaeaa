#include "oneproxy/reproduce/reproduce.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "makers.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

/// "fig4" < "fig15" < "table1".
std::tuple<std::string, int, std::string> place(const std::string& id) {
  const auto digit = id.find_first_of("0123456789");
  int number = 0;
  if (digit != std::string::npos) std::from_chars(id.data() + digit, id.data() + id.size(), number);
  return {id.substr(0, digit), number, id};
}

std::vector<FigureMaker> all_makers() {
  std::vector<FigureMaker> makers;
  for (const auto group :
       {monotonicity_makers, crowd_makers, roofline_makers, search_makers, published_adaptation_makers,
        exhaustive_makers, mobilenet_v2_makers, family_makers, cost_makers}) {
    for (auto& maker : group()) makers.push_back(std::move(maker));
  }
  std::ranges::sort(makers, {}, [](const FigureMaker& maker) { return place(maker.id); });
  return makers;
}

ReproducedFigure make(const FigureMaker& maker, const ReproduceOptions& options, const ProgressCallback& progress) {
  // Steps are told apart by the figure.
  const auto named = [&](const Progress& step) {
    const std::string text = maker.id + ": " + std::string(step.step);
    report(progress, {text, step.done, step.total});
    return true;
  };
  ReproducedFigure figure = maker.make({.options = options, .progress = named});
  figure.id = maker.id;
  figure.title = maker.title;
  for (auto& row : figure.rows) row.figure = maker.id;
  for (auto& picture : figure.pictures) std::ranges::replace(picture.name, ' ', '-');  // they are linked in Markdown
  return figure;
}

}  // namespace

const std::vector<FigureMaker>& figure_makers() {
  static const std::vector<FigureMaker> makers = all_makers();
  return makers;
}

std::string why_not(const FigureMaker& maker, const ReproduceOptions& options) {
  std::error_code error;
  for (const auto& file : maker.data) {
    if (!std::filesystem::exists(options.data / file, error)) {
      return "needs " + (options.data / file).string() +
             ", which is missing; set ONEPROXY_DATA to the folder of the published tables";
    }
  }
  if (maker.needs_models && !std::filesystem::exists(options.models / "space.txt", error)) {
    return "needs " + (options.models / "space.txt").string() +
           ", which is missing; set ONEPROXY_MODELS to the folder models/";
  }
  return "";
}

Reproduction reproduce(std::span<const std::string> ids, const ReproduceOptions& options,
                       const ProgressCallback& progress) {
  std::vector<std::string> known;
  for (const auto& maker : figure_makers()) known.push_back(maker.id);
  for (const auto& id : ids) {
    if (std::ranges::find(known, id) != known.end()) continue;
    std::string list;
    for (const auto& name : known) list += (list.empty() ? "" : ", ") + name;
    throw InputError("figure '" + id + "'", "there are " + list + suggestion(id, known));
  }
  std::vector<const FigureMaker*> wanted;
  for (const auto& maker : figure_makers()) {
    if (std::ranges::find(ids, maker.id) == ids.end()) continue;
    if (const auto reason = why_not(maker, options); !reason.empty()) throw InputError(maker.id, reason);
    wanted.push_back(&maker);
  }
  Reproduction result;
  for (const FigureMaker* maker : wanted) result.figures.push_back(make(*maker, options, progress));
  return result;
}

Reproduction reproduce_all(const ReproduceOptions& options, const ProgressCallback& progress) {
  Reproduction result;
  for (const auto& maker : figure_makers()) {
    if (auto reason = why_not(maker, options); !reason.empty()) {
      result.left_out.emplace_back(maker.id, std::move(reason));
    } else {
      result.figures.push_back(make(maker, options, progress));
    }
  }
  return result;
}

}  // namespace oneproxy
