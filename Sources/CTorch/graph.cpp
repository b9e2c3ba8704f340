// Work that is recorded once and repeated as a whole.
#include "graph.h"

#include "shim.h"

using namespace shim;

namespace {

Graph &graph(ct_graph graph) { return *reinterpret_cast<Graph *>(graph); }

ct_graph own(std::unique_ptr<Graph> graph) {
  return reinterpret_cast<ct_graph>(graph.release());
}

}  // namespace

ct_graph ct_graph_create(ct_device place) noexcept {
  return guard<ct_graph>(nullptr, [&] {
    auto target = device(place);
    return own(target.is_cuda() ? cuda_graph(target) : cpu_graph());
  });
}

ct_graph ct_graph_neighbour(ct_graph other) noexcept {
  return guard<ct_graph>(nullptr, [&] { return own(graph(other).neighbour()); });
}

int ct_graph_begin(ct_graph recorded) noexcept {
  return status([&] { graph(recorded).begin(); });
}

int ct_graph_end(ct_graph recorded) noexcept {
  return status([&] { graph(recorded).end(); });
}

int ct_graph_abandon(ct_graph recorded) noexcept {
  return status([&] { graph(recorded).abandon(); });
}

int ct_graph_replay(ct_graph recorded) noexcept {
  return status([&] { graph(recorded).replay(); });
}

int ct_graph_free(ct_graph recorded) noexcept {
  return status([&] { delete &graph(recorded); });
}
