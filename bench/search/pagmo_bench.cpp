#include <benchmark/benchmark.h>

#include <pagmo/algorithm.hpp>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/batch_evaluators/member_bfe.hpp>
#include <pagmo/bfe.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>

#include "problem.hpp"
#include "workload.hpp"

namespace oneproxy {
namespace {

/// A search problem as pagmo takes it: whole numbers in, latency and -accuracy out. Keeps all it evaluates, as our
/// searches do, outside of the object, which pagmo copies.
struct PagmoProblem {
  const SearchProblem* problem = nullptr;
  std::vector<float>* latency_ms = nullptr;
  std::vector<float>* accuracy = nullptr;

  pagmo::vector_double fitness(const pagmo::vector_double& x) const { return batch_fitness(x); }
  pagmo::vector_double batch_fitness(const pagmo::vector_double& genes) const {
    const std::size_t gene_count = problem->space.decisions().size();
    std::vector<Architecture> xs(genes.size() / gene_count, Architecture(gene_count));
    for (std::size_t i = 0; i < genes.size(); ++i) {
      xs[i / gene_count][i % gene_count] = static_cast<std::uint8_t>(std::lround(genes[i]));
    }
    problem->space.canonicalise(xs);
    const std::vector<float> latencies = problem->latency(xs);
    const std::vector<float> accuracies = problem->accuracy(xs);
    latency_ms->insert(latency_ms->end(), latencies.begin(), latencies.end());
    accuracy->insert(accuracy->end(), accuracies.begin(), accuracies.end());
    pagmo::vector_double result;
    for (std::size_t i = 0; i < xs.size(); ++i) {
      result.push_back(static_cast<double>(latencies[i]));
      result.push_back(-static_cast<double>(accuracies[i]));
    }
    return result;
  }
  pagmo::vector_double::size_type get_nobj() const { return 2; }
  pagmo::vector_double::size_type get_nix() const { return get_bounds().first.size(); }
  std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    if (problem == nullptr) return {{0}, {1}};
    std::pair<pagmo::vector_double, pagmo::vector_double> bounds;
    for (const Decision& decision : problem->space.decisions()) {
      bounds.first.push_back(0);
      bounds.second.push_back(static_cast<double>(decision.options.size() - 1));
    }
    return bounds;
  }
};

/// pagmo's NSGA-II with its default settings and as many evaluations as search_front() with whole_front() uses on the
/// same problem (BM_Front/one_run); the hypervolume is that of everything it evaluated.
void BM_PagmoFront(benchmark::State& state) {
  const bench::Problem problem(static_cast<std::uint64_t>(state.range(0)));
  const auto population_size = static_cast<unsigned>(state.range(1));
  const bench::Counted counted(*problem.accuracy);
  search_front({*problem.space, *problem.latency, counted}, whole_front());
  const auto generations = static_cast<unsigned>(counted.count() / population_size) - 1;

  const SearchProblem view = problem.view();
  std::vector<float> latency_ms, accuracy;
  for (auto _ : state) {
    latency_ms.clear();
    accuracy.clear();
    pagmo::nsga2 nsga2(generations, 0.95, 10., 0.01, 50., 1U);
    nsga2.set_bfe(pagmo::bfe{pagmo::member_bfe{}});
    const pagmo::problem wrapped{PagmoProblem{&view, &latency_ms, &accuracy}};
    pagmo::population population(wrapped, pagmo::bfe{pagmo::member_bfe{}}, population_size, 1U);
    population = pagmo::algorithm{nsga2}.evolve(population);
    benchmark::DoNotOptimize(population.get_f().data());
  }
  const bench::Reference reference(view);
  state.counters["hypervolume"] = reference.hypervolume_of(latency_ms, accuracy);
  state.counters["evaluations"] = static_cast<double>(latency_ms.size());
}
BENCHMARK(BM_PagmoFront)->Apply(bench::workload<"pagmo_front">)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace oneproxy
