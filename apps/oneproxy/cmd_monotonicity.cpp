#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <memory>
#include <numeric>
#include <optional>

#include "cli.hpp"
#include "oneproxy/adapt/srcc.hpp"
#include "oneproxy/adapt/srcc_spread.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/data/latency_matrix.hpp"
#include "oneproxy/report/svg.hpp"

namespace oneproxy::cli {
namespace {

constexpr std::size_t most_printed_devices = 30;

struct Options {
  std::vector<std::filesystem::path> tables;
  LatencyMatrixOptions reading;
  std::vector<std::string> where;
  std::vector<std::string> devices;
  std::size_t min_networks = 3;
  std::vector<std::size_t> sample_counts;
  std::vector<std::string> pairs;
  std::size_t draws = 1000;
  bool cdf = false;
  std::filesystem::path out;
  std::uint64_t seed = 1;
};

nlohmann::json finite(double value) { return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr); }

/// "a=b" or "a:b" as its two parts.
std::pair<std::string, std::string> parted(const std::string& text, char separator, const std::string& option) {
  const auto at = text.find(separator);
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) {
    throw InputError(option, "'" + text + "'; expected two parts with " + separator + " between them");
  }
  return {text.substr(0, at), text.substr(at + 1)};
}

LatencyMatrix read(const Options& options) {
  LatencyMatrixOptions reading = options.reading;
  for (const auto& condition : options.where) reading.where.push_back(parted(condition, '=', "--where"));
  std::vector<LatencyMatrix> tables;
  for (const auto& file : options.tables) tables.push_back(read_latency_matrix(file, reading));
  LatencyMatrix table = join_latencies(tables);
  if (!options.devices.empty()) table = table.select(options.devices);
  table = table.with_values(options.min_networks);
  if (table.devices.size() < 2) {
    throw InputError(options.tables.front().string(),
                     "has fewer than two devices with at least " + std::to_string(options.min_networks) + " networks");
  }
  return table;
}

struct Pictures {
  std::filesystem::path folder;
  nlohmann::json files = nlohmann::json::array();

  void write(const std::string& name, const std::string& svg) {
    if (folder.empty()) return;
    write_file(folder / name, svg);
    files.push_back((folder / name).string());
  }
};

double quantile(const std::vector<double>& ascending, double share) {
  return ascending.empty() ? std::nan("")
                           : ascending[static_cast<std::size_t>(share * static_cast<double>(ascending.size() - 1))];
}

double share_from(const std::vector<double>& ascending, double threshold) {
  const auto first = std::ranges::lower_bound(ascending, threshold);
  return static_cast<double>(ascending.end() - first) / static_cast<double>(ascending.size());
}

std::string matrix(const LatencyMatrix& table, const Eigen::MatrixXd& srcc, nlohmann::json& json, Pictures& pictures) {
  std::vector<std::vector<std::string>> rows{{""}};
  for (std::size_t d = 0; d < table.devices.size(); ++d) rows[0].push_back(table.devices[d]);
  for (std::size_t i = 0; i < table.devices.size(); ++i) {
    auto& row = rows.emplace_back(1, table.devices[i]);
    for (std::size_t k = 0; k < table.devices.size(); ++k) {
      const double r = srcc(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k));
      json["srcc"][table.devices[i]][table.devices[k]] = finite(r);
      row.push_back(std::isnan(r) ? "-" : number(r, 3));
    }
  }
  pictures.write("matrix.svg", heat_map_svg("SRCC of latencies, " + std::to_string(table.networks.size()) + " networks",
                                            table.devices, table.devices, srcc));
  if (table.devices.size() <= most_printed_devices) return "\n" + aligned(rows);
  return "\n(the matrix of more than " + std::to_string(most_printed_devices) +
         " devices is not printed; --json and --out hold it)\n";
}

/// What estimates from few networks come out at (the paper's Figs. 11(b), (c)).
std::string estimates(const Options& options, const LatencyMatrix& table, nlohmann::json& json, Pictures& pictures) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& pair : options.pairs) pairs.push_back(parted(pair, ':', "--pair"));
  for (std::size_t d = 1; options.pairs.empty() && d < table.devices.size(); ++d) {
    pairs.emplace_back(table.devices.front(), table.devices[d]);
  }
  std::vector<std::vector<std::string>> rows{{"pair", "samples", "SRCC", "mean estimate", "deviation", "draws"}};
  std::vector<ChartLine> lines;
  for (const auto& [from, to] : pairs) {
    const LatencyMatrix both = table.select(std::array{from, to});
    const auto column = [&](Eigen::Index d) {
      return std::span<const double>(both.latency_ms.col(d).data(), static_cast<std::size_t>(both.latency_ms.rows()));
    };
    const double whole = srcc_matrix(both.latency_ms)(0, 1);
    const auto most = static_cast<std::size_t>(both.latency_ms.rows());
    if (std::ranges::any_of(options.sample_counts, [&](std::size_t count) { return count > most; })) {
      throw InputError("--samples",
                       from + " and " + to + " share " + std::to_string(most) + " networks; expected at most so many");
    }
    nlohmann::json entry{{"pair", {from, to}}, {"srcc", finite(whole)}, {"estimates", nlohmann::json::array()}};
    ChartLine line{.name = from + "-" + to, .x = {}, .y = {}, .deviation = {}};
    for (const auto& spread : srcc_spread(column(0), column(1), options.sample_counts, options.draws, options.seed)) {
      entry["estimates"].push_back({{"samples", spread.sample_count},
                                    {"mean", finite(spread.mean)},
                                    {"deviation", finite(spread.deviation)},
                                    {"draws", spread.draw_count}});
      rows.push_back({line.name, std::to_string(spread.sample_count), number(whole), number(spread.mean),
                      number(spread.deviation), std::to_string(spread.draw_count)});
      line.x.push_back(static_cast<double>(spread.sample_count));
      line.y.push_back(spread.mean);
      line.deviation.push_back(spread.deviation);
    }
    json["samples"].push_back(std::move(entry));
    lines.push_back(std::move(line));
  }
  pictures.write("samples.svg", line_chart_svg("SRCC estimated from few networks: mean and standard deviation",
                                               "networks in the sample", "SRCC", lines));
  return "\nestimates from random networks:\n" + aligned(rows);
}

/// The distribution over the pairs of devices, all and by speed (the paper's Fig. 5).
std::string distribution(const LatencyMatrix& table, const Eigen::MatrixXd& srcc, nlohmann::json& json,
                         Pictures& pictures) {
  const auto order = devices_by_speed(table.latency_ms);
  const std::size_t third = order.size() / 3;
  const std::span<const std::size_t> all(order);
  const std::vector<std::pair<std::string, std::span<const std::size_t>>> groups{
      {"all", all},
      {"fastest third", all.first(third)},
      {"middle third", all.subspan(third, order.size() - 2 * third)},
      {"slowest third", all.last(third)}};
  std::vector<std::vector<std::string>> rows{
      {"devices", "count", "pairs", "10%", "25%", "median", "75%", "90%", "share >= 0.9"}};
  std::vector<ChartLine> lines;
  for (const auto& [name, devices] : groups) {
    const auto values = pair_srccs(srcc, devices);
    if (values.empty()) continue;
    nlohmann::json entry{{"group", name},
                         {"devices", devices.size()},
                         {"pairs", values.size()},
                         {"share_at_least_0.9", share_from(values, 0.9)},
                         {"srcc", values}};
    auto& row = rows.emplace_back(
        std::vector<std::string>{name, std::to_string(devices.size()), std::to_string(values.size())});
    for (const double share : {0.1, 0.25, 0.5, 0.75, 0.9}) {
      entry["quantiles"][number(share)] = quantile(values, share);
      row.push_back(number(quantile(values, share), 3));
    }
    row.push_back(number(100 * share_from(values, 0.9), 3) + "%");
    json["cdf"].push_back(std::move(entry));
    ChartLine line{.name = name, .x = values, .y = {}, .deviation = {}, .steps = true};
    for (std::size_t i = 0; i < values.size(); ++i) {
      line.y.push_back(static_cast<double>(i + 1) / static_cast<double>(values.size()));
    }
    lines.push_back(std::move(line));
  }
  pictures.write("cdf.svg", line_chart_svg("Distribution of the SRCC over pairs of devices", "SRCC",
                                           "share of pairs below", lines));
  return "\npairs of devices, by their speed:\n" + aligned(rows);
}

void run(const Options& options, const Common& common) {
  if (!options.pairs.empty() && options.sample_counts.empty()) {
    throw InputError("--pair", "says what --samples estimates; give both");
  }
  const LatencyMatrix table = read(options);
  const Eigen::MatrixXd srcc = srcc_matrix(table.latency_ms);
  std::vector<std::size_t> all(table.devices.size());
  std::iota(all.begin(), all.end(), 0U);
  const auto values = pair_srccs(srcc, all);
  if (values.empty()) throw InputError(options.tables.front().string(), "no two devices share networks that rank them");
  nlohmann::json json{{"networks", table.networks.size()},
                      {"devices", table.devices},
                      {"pairs", values.size()},
                      {"lowest", values.front()},
                      {"median", quantile(values, 0.5)},
                      {"highest", values.back()},
                      {"share_at_least_0.9", share_from(values, 0.9)}};
  Pictures pictures{.folder = options.out};
  std::string text = std::to_string(table.networks.size()) + " networks, " + std::to_string(table.devices.size()) +
                     " devices; SRCC of " + std::to_string(values.size()) + " pairs: " + number(values.front(), 3) +
                     " to " + number(values.back(), 3) + ", median " + number(quantile(values, 0.5), 3) + "; " +
                     number(100 * share_from(values, 0.9), 3) + "% at least 0.9\n";
  text += matrix(table, srcc, json, pictures);
  if (!options.sample_counts.empty()) text += estimates(options, table, json, pictures);
  if (options.cdf) text += distribution(table, srcc, json, pictures);
  if (!options.out.empty()) {
    const auto file = options.out / "monotonicity.json";
    pictures.files.push_back(file.string());
    json["files"] = pictures.files;
    write_file(file, json.dump(2) + "\n");
    text += "\nwritten:";
    for (const auto& name : pictures.files) text += " " + name.get<std::string>();
    text += "\n";
  }
  if (common.json) return print(json);
  std::cout << text;
}

}  // namespace

void add_monotonicity(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(app, "monotonicity", "How alike devices rank networks: the SRCC of every pair",
                              "oneproxy monotonicity latency.csv --samples 10,20,50 --cdf --out monotonicity", common);
  command->add_option("tables", options->tables, "Tables of latencies, joined by the networks' names")->required();
  command->add_option("--keys", options->reading.key_columns, "First columns of a table, which name the network")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--missing", options->reading.missing, "A number that stands for a missing value, e.g. -1");
  command->add_flag("--all-numbers", options->reading.any_value, "Rank numbers that are not positive, too");
  command
      ->add_option("--device-columns", options->reading.device_columns,
                   "For tables with one measurement a line: the columns that name the device")
      ->delimiter(',');
  command->add_option("--network-column", options->reading.network_column, "... the network")->capture_default_str();
  command->add_option("--value-column", options->reading.value_column, "... the latency")->capture_default_str();
  command->add_option("--where", options->where, "... COLUMN=VALUE that lines must have");
  command->add_option("--device", options->devices, "Only these devices");
  command->add_option("--min-networks", options->min_networks, "Leave out devices with fewer networks")
      ->check(CLI::Range(std::size_t{2}, std::size_t{1'000'000}))
      ->capture_default_str();
  command->add_option("--samples", options->sample_counts, "Estimate the SRCC from so many networks (10,20,50)")
      ->delimiter(',')
      ->check(CLI::Range(std::size_t{2}, std::size_t{1'000'000}));
  command->add_option("--pair", options->pairs, "... of DEVICE:DEVICE (default: the first device and each other)");
  command->add_option("--draws", options->draws, "... so many times")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_flag("--cdf", options->cdf, "The distribution over all pairs, and over thirds of the devices by speed");
  command->add_option("--out", options->out, "Folder for the pictures (SVG) and the numbers (JSON)");
  command->add_option("--seed", options->seed, "Of the samples")->capture_default_str();
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
